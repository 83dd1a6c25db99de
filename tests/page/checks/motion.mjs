// Who has asked for less motion sees none: nothing runs, and nothing would.
const longestMs = 0.01;

export const motion = (page) =>
  page.evaluate((longestMs) => {
    const told = (it) => `${it.tagName.toLowerCase()}.${it.getAttribute("class") ?? ""}`;
    const longest = (times) =>
      Math.max(...times.split(",").map((time) => parseFloat(time) * (/ms$/.test(time.trim()) ? 1 : 1000)));
    const running = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().duration > longestMs)
      .map((animation) => `runs: ${told(animation.effect.target)}`);
    const moving = [...document.querySelectorAll("*")].flatMap((it) =>
      [null, "::before", "::after"].flatMap((part) => {
        const style = getComputedStyle(it, part);
        const found = [];
        if (longest(style.transitionDuration) > longestMs)
          found.push(`would move: ${told(it)}${part ?? ""} in ${style.transitionDuration}`);
        if (style.animationName !== "none" && longest(style.animationDuration) > longestMs)
          found.push(`is animated: ${told(it)}${part ?? ""} by ${style.animationName}`);
        return found;
      }),
    );
    return [...new Set([...running, ...moving])];
  }, longestMs);
