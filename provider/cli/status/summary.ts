import { escapeText, formatReceiver, pluralize, type Terminal, wrap } from "../terminal.ts";
import { GUIDE, type Pair, type ReceiverStatus, type Verdict } from "./coverage.ts";

/** Says in plain words what to make of what there is: !! to be put right, i to know. */
export function judgement(
  verdict: Verdict,
  receivers: readonly ReceiverStatus[],
  { paint, columns }: Terminal,
): string {
  const { guideMissing, guideInactive, neverDelivered, untaken, oneUrl, deletions } = verdict;
  const good = (text: string) => `${paint("green", "ok")}  ${text}`;
  const bad = (text: string) => `${paint("red", "!!")}  ${text}`;
  const note = (text: string) => `${paint("yellow", " i")}  ${text}`;
  const listed = (words: readonly string[]) => wrap(words, columns, "    ");
  const lines: string[] = [];
  if (guideMissing.length === 0 && guideInactive.length === 0) {
    lines.push(good(`All ${GUIDE.length} pairs of Violet's guide are subscribed.`));
  }
  if (guideMissing.length === GUIDE.length) {
    lines.push(bad(`Nobody is subscribed to any of the ${GUIDE.length} pairs of Violet's guide.`));
  } else if (guideMissing.length > 0) {
    lines.push(
      bad(`Violet's guide lists ${GUIDE.length} pairs, and nobody is subscribed to ${guideMissing.length} of them:`),
    );
    lines.push(listed(grouped(guideMissing)));
  }
  if (guideInactive.length > 0) {
    lines.push(
      bad(`Of Violet's guide, only inactive receivers are subscribed to ${pluralize(guideInactive.length, "pair")}:`),
    );
    lines.push(listed(grouped(guideInactive)));
  }
  const twins = receivers.flatMap(({ pairs }) => pairs.filter(({ ids }) => ids.length > 1));
  if (twins.length > 0)
    lines.push(
      bad(`${pluralize(twins.length, "pair")} subscribed more than once (2x above): each event arrives as often.`),
    );
  for (const ids of oneUrl) {
    const same = receivers.filter(({ id }) => ids.includes(id)).map(({ name, id }) => formatReceiver(name, id));
    lines.push(bad(`${same.join(" and ")} have one URL: what several of them are subscribed to arrives as often.`));
  }
  for (const { resource, action, why } of neverDelivered) {
    lines.push(
      note(`${resource} ${action} is subscribed and never arrives:`),
      wrap(`${why}.`.split(" "), columns, "    ", " "),
    );
  }
  lines.push(
    note(
      deletions.length === 0
        ? "Nobody is told of deletions. No pair of Violet's guide is a DELETE: what is deleted in ION, Violet is not told."
        : `No pair of Violet's guide is a DELETE. Here, deletions are told of: ${deletions.map(escapeText).join(", ")}.`,
    ),
  );
  if (!untaken) lines.push(note("ION does not show what else it offers."));
  else if (untaken.length > 0) {
    lines.push(note(`Beyond Violet's guide, ION offers ${pluralize(untaken.length, "pair")} that nobody takes:`));
    const byActions = Map.groupBy(actionsByResource(untaken), ([, actions]) => actions.join(", "));
    for (const [actions, resources] of byActions) {
      lines.push(
        `    ${escapeText(actions)} of`,
        wrap(
          resources.map(([resource]) => escapeText(resource)),
          columns,
          "      ",
        ),
      );
    }
  }
  return lines.join("\n");
}

function actionsByResource(pairs: readonly Pair[]): (readonly [resource: string, actions: string[]])[] {
  const byResource = Map.groupBy(pairs, ({ resource }) => resource);
  return [...byResource].map(([resource, some]) => [resource, some.map(({ action }) => action)] as const);
}

/** "PARTS CREATE+UPDATE" rather than two pairs. */
const grouped = (pairs: readonly Pair[]) =>
  actionsByResource(pairs).map(([resource, actions]) => escapeText(`${resource} ${actions.join("+")}`));
