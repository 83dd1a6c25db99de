// How long a text is, counted as core counts it: in characters, of which an emoji is one and not two.
import { count } from "../text/format";

export const characters = (text: string): number => [...text].length;

/** A field that says so when more stands in it than it may hold. */
export const atMost =
  (most: number) =>
  (field: HTMLInputElement): (() => void) => {
    const check = (): void => {
      const over = characters(field.value) - most;
      field.setCustomValidity(over > 0 ? `${count(over, "character")} too many: ${most} are allowed.` : "");
    };
    field.addEventListener("input", check);
    return () => field.removeEventListener("input", check);
  };
