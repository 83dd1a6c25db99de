// Two fingers that move apart or together: by how much, and around which point.

export function pinched(zoom: (by: number, x: number, y: number) => void): (node: HTMLElement) => () => void {
  return (node) => {
    const fingers = new Map<number, PointerEvent>();
    const apart = (): number => {
      const [one, other] = [...fingers.values()];
      return one && other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
    };
    const down = (event: PointerEvent): void => {
      if (event.pointerType === "touch") fingers.set(event.pointerId, event);
    };
    const move = (event: PointerEvent): void => {
      if (!fingers.has(event.pointerId) || fingers.size !== 2) return;
      const before = apart();
      fingers.set(event.pointerId, event);
      const [one, other] = [...fingers.values()];
      if (!one || !other || before === 0) return;
      const box = node.getBoundingClientRect();
      zoom(apart() / before, (one.clientX + other.clientX) / 2 - box.left, (one.clientY + other.clientY) / 2 - box.top);
    };
    const up = (event: PointerEvent): void => void fingers.delete(event.pointerId);
    node.addEventListener("pointerdown", down);
    node.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) node.addEventListener(end, up);
    return () => {
      node.removeEventListener("pointerdown", down);
      node.removeEventListener("pointermove", move);
      for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) node.removeEventListener(end, up);
    };
  };
}
