/** How a value of a fault is checked, and read from a command line. */
interface Option {
  /** What it must be, in words. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Of text that cannot be read it makes something that is not accepted. */
  readonly read: (text: string) => unknown;
  /** Whether only a program can give it. */
  readonly programOnly?: true;
  readonly required?: boolean;
}

/** The options of a fault, by name. */
export type Options = Readonly<Record<string, Option>>;

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;

const readNumber = (value: string) => (value === "" ? Number.NaN : Number(value));

export const count: Option = { expected: "a whole number", accepts: isCount, read: readNumber };

export const text: Option = {
  expected: "text",
  accepts: (value) => typeof value === "string" && value !== "",
  read: (value) => value,
};

export const flag: Option = {
  expected: "true or false",
  accepts: (value) => typeof value === "boolean",
  read: (value) => (value === "true" ? true : value === "false" ? false : value),
};

export const names: Option = {
  expected: "root fields by index, alias or name (on a command line with + between them)",
  accepts: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((name) => isCount(name) || typeof name === "string"),
  read: (value) => value.split("+").map((name) => (/^\d+$/.test(name) ? Number(name) : name)),
};

export const map: Option = {
  expected: "an object, and comes from a program only",
  accepts: (value) => typeof value === "object" && value !== null,
  read: (value) => value,
  programOnly: true,
};

const aim: Options = {
  after: count,
  times: {
    expected: "a whole number from 1, or Infinity",
    accepts: (value) => value === Number.POSITIVE_INFINITY || (isCount(value) && value !== 0),
    read: readNumber,
  },
};

const target: Options = {
  kind: oneOf("token", "graphql"),
  type: oneOf("query", "mutation"),
  field: text,
  operation: text,
};

/** @throws {TypeError} if an option is missing, does not exist, or has a value that it cannot have. */
export function check(kind: string, fault: object, own: Options, token: boolean): void {
  const { kind: _kind, on = {}, ...rest } = fault as { kind: string; on?: { kind?: string } };
  checkAll(kind, on, target);
  checkAll(kind, rest, { ...aim, ...own });
  if (on.kind !== "token") return;
  if (!token) throw new TypeError(`${kind}: it cannot be meant for token requests.`);
  if (Object.keys(on).length > 1) throw new TypeError(`${kind}: a token request has no type, field or operation.`);
}

/**
 * Reads `key=value,…`, as a command line has it; whether the values are right is for `check` to say.
 * @throws {TypeError} if there is no option of that name.
 */
export function readOptions(kind: string, assignments: string, own: Options): object {
  const options = { ...target, ...aim, ...own };
  const on: [string, unknown][] = [];
  const rest: [string, unknown][] = [];
  for (const assignment of assignments === "" ? [] : assignments.split(",")) {
    const [name, value] = split(assignment, "=");
    (Object.hasOwn(target, name) ? on : rest).push([name, option(kind, name, options).read(value)]);
  }
  return { ...Object.fromEntries(rest), ...(on.length > 0 && { on: Object.fromEntries(on) }) };
}

/** The text before the first separator, and the text after it. */
export function split(whole: string, separator: string): [string, string] {
  const place = whole.indexOf(separator);
  return place < 0 ? [whole, ""] : [whole.slice(0, place), whole.slice(place + 1)];
}

/** The names that every fault takes on a command line. */
export const commonOptions: readonly string[] = Object.keys({ ...target, ...aim });

function checkAll(kind: string, values: object, options: Options): void {
  for (const [name, value] of Object.entries(values)) {
    const { accepts, expected } = option(kind, name, options);
    if (value !== undefined && !accepts(value)) throw new TypeError(`${kind}: ${name} must be ${expected}.`);
  }
  for (const [name, { required, expected }] of Object.entries(options)) {
    if (required && Reflect.get(values, name) === undefined) {
      throw new TypeError(`${kind}: ${name} is missing; it must be ${expected}.`);
    }
  }
}

function option(kind: string, name: string, options: Options): Option {
  const found = Object.hasOwn(options, name) ? options[name] : undefined;
  if (found) return found;
  const all = Object.keys(options).join(", ");
  throw new TypeError(`${kind}: there is no option ${JSON.stringify(name)}. The options are: ${all}.`);
}

function oneOf(...values: readonly string[]): Option {
  return { expected: values.join(" or "), accepts: (value) => values.includes(String(value)), read: (value) => value };
}
