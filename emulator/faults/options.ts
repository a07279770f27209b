import { z } from "zod";

/** An option of a fault. */
interface FaultOption {
  /** The values that a program can pass. */
  readonly schema: z.ZodType;
  /** Converts an argument of the command line to such a value; absent if only a program can set the option. */
  readonly parse?: (argument: string) => unknown;
}

/** Options by name. */
export type FaultOptions = Readonly<Record<string, FaultOption>>;

const mustBe = (expected: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    input === undefined ? `is missing; it must be ${expected}` : `must be ${expected}`,
});

const integer = (least: number, expected: string) => z.int(mustBe(expected)).min(least, mustBe(expected));

// Number("") is 0.
const parseNumber = (argument: string) => (argument === "" ? Number.NaN : Number(argument));

const STRING = "a non-empty string";
const TIMES = "a whole number of at least 1, or Infinity";
const ROOT_FIELDS = "root fields by index, alias or name (joined by + on the command line)";

/** The option types that the fault kinds use. */
export const optionTypes = {
  wholeNumber: { schema: integer(0, "a whole number").optional(), parse: parseNumber },
  requiredWholeNumber: { schema: integer(0, "a whole number"), parse: parseNumber },
  string: { schema: z.string(mustBe(STRING)).min(1, mustBe(STRING)).optional(), parse: (argument) => argument },
  boolean: {
    schema: z.boolean(mustBe("true or false")).optional(),
    parse: (argument) => (argument === "true" ? true : argument === "false" ? false : argument),
  },
  rootFields: {
    schema: z
      .array(z.union([integer(0, ROOT_FIELDS), z.string()], mustBe(ROOT_FIELDS)), mustBe(ROOT_FIELDS))
      .min(1, mustBe(ROOT_FIELDS))
      .optional(),
    parse: (argument) => argument.split("+").map((name) => (/^\d+$/.test(name) ? Number(name) : name)),
  },
  changes: { schema: z.looseObject({}, mustBe("an object, and can be set by a program only")).optional() },
} satisfies FaultOptions;

const schedule: FaultOptions = {
  after: optionTypes.wholeNumber,
  times: {
    schema: z.union([z.literal(Number.POSITIVE_INFINITY), integer(1, TIMES)], mustBe(TIMES)).optional(),
    parse: parseNumber,
  },
};

const target: FaultOptions = {
  kind: oneOf("token", "graphql"),
  type: oneOf("query", "mutation"),
  field: optionTypes.string,
  operation: optionTypes.string,
};

/** The options that every fault has on the command line. */
export const commonOptions: readonly string[] = Object.keys({ ...target, ...schedule });

/** @throws {TypeError} if an option is missing, unknown or invalid. */
export function checkOptions(kind: string, fault: object, own: FaultOptions): void {
  const options = { ...schedule, ...own };
  const schema = z.strictObject({
    kind: z.string(),
    ...schemas(options),
    on: z.strictObject(schemas(target)).optional(),
  });
  const [issue] = schema.safeParse(fault).error?.issues ?? [];
  if (!issue) return;
  if (issue.code === "unrecognized_keys") {
    throw unknownOption(kind, issue.keys[0] ?? "", issue.path[0] === "on" ? target : options);
  }
  // The command line has no "on".
  const name = issue.path.find((part) => part !== "on");
  throw new TypeError(`${kind}: ${String(name ?? "on")} ${issue.message}.`);
}

/**
 * Parses `key=value,…`. The values are not checked yet.
 * @throws {TypeError} if an option is unknown.
 */
export function parseOptions(kind: string, assignments: string, own: FaultOptions): object {
  const options = { ...target, ...schedule, ...own };
  const on: [string, unknown][] = [];
  const rest: [string, unknown][] = [];
  for (const assignment of assignments === "" ? [] : assignments.split(",")) {
    const [name, argument] = splitOnce(assignment, "=");
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) throw unknownOption(kind, name, options);
    (Object.hasOwn(target, name) ? on : rest).push([name, option.parse ? option.parse(argument) : argument]);
  }
  return { ...Object.fromEntries(rest), ...(on.length > 0 && { on: Object.fromEntries(on) }) };
}

/** The string before the first separator, and the string after it. */
export function splitOnce(whole: string, separator: string): [string, string] {
  const index = whole.indexOf(separator);
  return index < 0 ? [whole, ""] : [whole.slice(0, index), whole.slice(index + 1)];
}

function schemas(options: FaultOptions): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema]));
}

function unknownOption(kind: string, name: string, options: FaultOptions): TypeError {
  const names = Object.keys(options).join(", ");
  return new TypeError(`${kind}: there is no option ${JSON.stringify(name)}. The options are: ${names}.`);
}

function oneOf(...values: readonly string[]): FaultOption {
  return { schema: z.enum(values, mustBe(values.join(" or "))).optional(), parse: (argument) => argument };
}
