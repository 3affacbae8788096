import { types } from "node:util";
import { type Class, classNamed, TYPED_ARRAY_NAMES } from "./built-in-classes.ts";

/*
 * Typed arrays, DataView and ArrayBuffer ⇄ base64. A view keeps the bytes that it shows, not those around them. Items of
 * several bytes are written from their lowest byte on, whatever the order of this machine is.
 */

type Binary = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);
const keysOf = (typedArrayPrototype as Uint8Array).keys;
const kindOf = getterOf(typedArrayPrototype, Symbol.toStringTag);
const byteLengthOf = getterOf(DataView.prototype, "byteLength");

const IS_BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/** Returns true if an object is a genuine typed array of that name, of any realm. */
export function isTypedArray(value: object, name: string): value is Uint8Array<ArrayBuffer> {
  return kindOf.call(value) === name;
}

/** Returns a typed array of this realm and of the same kind over the same items, without other keys. */
export function sameItems(view: Uint8Array): object {
  const { buffer, byteOffset, byteLength, length } = view;
  if (Buffer.isBuffer(view)) return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return new (classNamed(kindOf.call(view) as string) as Class)(buffer, byteOffset, length);
}

/** Returns false for bytes in shared, detached or shrunk memory, and for an ArrayBuffer that can be resized. */
export function isOwnMemory(value: object): boolean {
  try {
    if (types.isArrayBuffer(value)) {
      new Uint8Array(value); // throws if the memory was detached
      return (value as { resizable?: boolean }).resizable !== true;
    }
    // Both throw if the memory was detached, or shrunk below the view.
    if (types.isDataView(value)) byteLengthOf.call(value);
    else keysOf.call(value as Uint8Array);
    return !types.isSharedArrayBuffer((value as ArrayBufferView).buffer);
  } catch {
    return false;
  }
}

/** Writes the bytes of a value as base64. */
export function toBase64(value: Binary, isBigEndian = IS_BIG_ENDIAN): string {
  if (!ArrayBuffer.isView(value)) return Buffer.from(value).toString("base64");
  const { buffer, byteOffset, byteLength } = value;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return (isBigEndian ? reverseItems(Buffer.from(bytes), itemBytesOf(value)) : bytes).toString("base64");
}

/** Returns the class of a name, for {@link fromBase64}; undefined if this runtime has none. */
export function binaryClassOf(name: unknown): Class | undefined {
  return isBinaryName(name) ? classNamed(name) : undefined;
}

/** Makes an instance in new memory. @throws if the text is not the base64 of whole items */
export function fromBase64(binaryClass: Class, text: string, isBigEndian = IS_BIG_ENDIAN): object {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new TypeError("It is not base64.");
  if (isBigEndian) reverseItems(bytes, itemBytesOf(binaryClass));
  const { buffer } = new Uint8Array(bytes);
  return binaryClass === classNamed("ArrayBuffer") ? buffer : new binaryClass(buffer);
}

function isBinaryName(name: unknown): name is string {
  return name === "ArrayBuffer" || name === "DataView" || TYPED_ARRAY_NAMES.some((each) => each === name);
}

/** Bytes of one item; 1 for a DataView and an ArrayBuffer, which have no items. */
function itemBytesOf(of: object): number {
  return (of as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
}

function reverseItems(bytes: Buffer, itemBytes: number): Buffer {
  if (itemBytes === 2) return bytes.swap16();
  if (itemBytes === 4) return bytes.swap32();
  return itemBytes === 8 ? bytes.swap64() : bytes;
}

function getterOf(prototype: object, key: PropertyKey): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as () => unknown;
}
