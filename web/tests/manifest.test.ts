// The manifest of the installed page: what it names is there, in the sizes that it claims, and its shortcuts lead somewhere.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { matchPath } from "../src/lib/router/match";

interface Icon {
  src: string;
  type: string;
  sizes: string;
  purpose?: string;
}
interface Manifest {
  id: string;
  name: string;
  start_url: string;
  scope: string;
  display: string;
  icons: Icon[];
  shortcuts: { name: string; url: string; icons: Icon[] }[];
}

const web = join(import.meta.dirname, "..");
const read = (path: string): Buffer => readFileSync(join(web, "public", path));
const manifest = JSON.parse(read("manifest.webmanifest").toString()) as Manifest;
const page = readFileSync(join(web, "index.html"), "utf8");
const icons = [...manifest.icons, ...manifest.shortcuts.flatMap((shortcut) => shortcut.icons)];

/** Width and height as a PNG says them: its first chunk. */
const sizeOf = (png: Buffer): string => `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;

describe("the manifest", () => {
  test("has what browsers ask for before they offer to install", () => {
    expect(manifest).toMatchObject({ id: "/", name: "AgentRQ", start_url: "/", scope: "/", display: "standalone" });
    const plain = manifest.icons.filter((icon) => icon.purpose !== "maskable").map((icon) => icon.sizes);
    expect(plain).toEqual(expect.arrayContaining(["192x192", "512x512"]));
    expect(manifest.icons.some((icon) => icon.purpose === "maskable")).toBe(true);
  });

  test.each(icons.filter((icon) => icon.type === "image/png"))("names $src, which is there in that size", (icon) => {
    const png = read(icon.src);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(sizeOf(png)).toBe(icon.sizes);
  });

  test("has shortcuts to addresses of the page", () => {
    expect(manifest.shortcuts.map(({ name }) => name)).toEqual(["Needs you", "New task", "Activity"]);
    for (const { url } of manifest.shortcuts) {
      expect(matchPath(new URL(url, "https://page.example").pathname).view, url).not.toBe("lost");
    }
  });

  test("is linked by the page, with the icon that phones of Apple take", () => {
    expect(page).toContain('rel="manifest" href="/manifest.webmanifest"');
    const touch = /rel="apple-touch-icon" href="([^"]+)"/.exec(page)?.[1] ?? "";
    expect(existsSync(join(web, "public", touch))).toBe(true);
    expect(sizeOf(read(touch))).toBe("180x180");
  });
});
