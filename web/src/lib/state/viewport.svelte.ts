// How much room there is, in the steps of the design: a phone has one pane, a desk two, a wide desk three.
import { MediaQuery } from "svelte/reactivity";

const phone = new MediaQuery("(max-width: 767px)");
const fine = new MediaQuery("(pointer: fine)");
const wide = new MediaQuery("(min-width: 1440px)");

export const viewport = {
  get phone(): boolean {
    return phone.current;
  },
  /** There is a pointer that hits small things. */
  get fine(): boolean {
    return fine.current;
  },
  get wide(): boolean {
    return wide.current;
  },
};
