import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppendList } from "../../src/state/append-list.ts";

describe("a list that grows at its end", () => {
  it("leaves every list that it grew out of as it was, whichever of them grows next", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (choices) => {
        const lists = [{ list: new AppendList<number>(), items: [] as number[] }];
        for (const [item, choice] of choices.entries()) {
          const { list, items } = lists[choice % lists.length] as (typeof lists)[number];
          lists.push({ list: list.with(item), items: [...items, item] });
        }
        for (const { list, items } of lists) {
          expect([...list]).toEqual(items);
          expect(list.length).toBe(items.length);
          expect(list.last).toBe(items.at(-1));
        }
      }),
    );
  });
});
