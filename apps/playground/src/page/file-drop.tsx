import { type DragEvent, useState } from "react";

const MAX_BYTES = 3_500_000;

/** Takes a file with workflows, dropped or chosen. */
export function FileDrop({ onFile }: { onFile: (name: string, text: string) => Promise<void> }) {
  const [problem, setProblem] = useState<string>();
  const [isOver, setOver] = useState(false);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    setProblem(undefined);
    try {
      if (file.size > MAX_BYTES) throw new Error("The file is larger than 3.5 MB.");
      await onFile(file.name.slice(0, 300), await file.text());
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <label
        className={isOver ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <input
          type="file"
          accept=".json,application/json"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        Drop an n8n export or a React Flow canvas here, or choose a file
      </label>
      <p className="problem" role="alert">
        {problem}
      </p>
    </>
  );
}
