import * as pulumi from "@pulumi/pulumi";

const declared = new Map<string, string>();

/**
 * Lets one resource of a program have `key`: two that declare the same object would each believe it theirs, and
 * removing one would end it for the other.
 *
 * @returns `key`, for use as an input: nothing is registered before it has been looked at.
 * @throws RunError naming both resources.
 */
export function declareOnce(what: string, name: string, key: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.output(key).apply((value) => {
    const place = `${pulumi.getProject()}/${pulumi.getStack()} ${what} ${value}`;
    const other = declared.get(place);
    if (other !== undefined && other !== name) {
      throw new pulumi.RunError(
        `"${other}" and "${name}" declare the same ${what}: remove one of them from the program.`,
      );
    }
    declared.set(place, name);
    return value;
  });
}
