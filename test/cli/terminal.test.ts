import { describe, expect, it } from "vitest";
import { type Terminal, withSlowNotice, wrap } from "../../provider/src/cli/terminal.ts";

describe("wrap", () => {
  it.each([
    ["fits a list to the last character", ["aaa", "bbb"], 8, "", "aaa, bbb"],
    ["breaks a list that is one character too long", ["aaa", "bbb"], 7, "", "aaa,\nbbb"],
    ["counts the comma at the end of a line", ["aaa", "bbb", "c"], 9, "", "aaa, bbb,\nc"],
    ["does not count the space at the end of a line", ["aaa", "bbb", "c"], 8, "", "aaa,\nbbb, c"],
    ["indents each line", ["aaa", "bbb"], 8, "  ", "  aaa,\n  bbb"],
    ["counts the indent", ["aaa", "bbb"], 10, "  ", "  aaa, bbb"],
    ["keeps a long word whole, on a line of its own", ["a", "bbbbbbbbb", "c"], 5, "  ", "  a,\n  bbbbbbbbb,\n  c"],
    ["starts with a long word on its first line", ["bbbbbbbbb", "c"], 5, "  ", "  bbbbbbbbb,\n  c"],
    ["returns nothing for an empty list", [], 5, "  ", ""],
  ])("%s", (_title, words, columns, indent, text) => {
    expect(wrap(words, columns, indent)).toBe(text);
  });

  it("accepts another separator", () => {
    expect(wrap(["aa", "bb", "cc"], 6)).toBe("aa,\nbb, cc");
    expect(wrap(["aa", "bb", "cc"], 5, "", " ")).toBe("aa bb\ncc");
  });
});

describe("withSlowNotice", () => {
  const terminalTo = (err: (text: string) => void) => ({ err }) as Terminal;
  /** Timers that are due fire in order. */
  const nextTimer = () => new Promise((resolve) => setTimeout(resolve, 1));

  it("prints a notice if the answer takes long", async () => {
    const notice = Promise.withResolvers<string>();
    const answer = notice.promise.then(() => 8);
    expect(await withSlowNotice(answer, terminalTo(notice.resolve), 0)).toBe(8);
    expect(await notice.promise).toMatchInlineSnapshot(
      `"pulumi-ion: No answer from ION yet; retrying (press Ctrl-C to stop)."`,
    );
  });

  it("prints nothing if the answer or the failure comes at once", async () => {
    const err: string[] = [];
    const terminal = terminalTo((text) => void err.push(text));
    expect(await withSlowNotice(Promise.resolve(7), terminal, 0)).toBe(7);
    await expect(withSlowNotice(Promise.reject(new Error("no")), terminal, 0)).rejects.toThrow("no");
    await nextTimer();
    expect(err).toEqual([]);
  });
});
