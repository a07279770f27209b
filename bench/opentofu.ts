/**
 * OpenTofu with the provider sullivtr/graphql, which the benchmark compares with. `node bench/opentofu.ts` compiles both into
 * bench/.opentofu with Go, in about 10 minutes on two cores. OpenTofu comes as a Go module. The provider does not: its source is
 * cloned with Git, or `--provider <folder or URL>` names a clone. Without them, the benchmark omits these rows.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const TOFU = "github.com/opentofu/opentofu";
const TOFU_VERSION = "v1.12.6";
/** OpenTofu's own go.mod replaces this module, which does not hold for a module that requires OpenTofu. */
const HCL = "github.com/hashicorp/hcl/v2=github.com/opentofu/hcl/v2@v2.20.2-0.20251021132045-587d123c2828";
const PROVIDER = "https://github.com/sullivtr/terraform-provider-graphql";
const PROVIDER_VERSION = "v2.6.1";

const folder = join(import.meta.dirname, ".opentofu");
const BINARIES = ["tofu", "terraform-provider-graphql"];

/** Where both are, and why they cannot be used; undefined if they can. */
export const OPENTOFU = { folder, problem: findProblem() };

function findProblem(): string | undefined {
  try {
    for (const name of BINARIES) accessSync(join(folder, name), constants.X_OK);
    return undefined;
  } catch {
    return "OpenTofu is not compared: `node bench/opentofu.ts` compiles it and its provider.";
  }
}

/** Copies the provider into a mirror from which `tofu init` installs it, as from a registry. */
export function writeMirror(mirror: string): void {
  const [platform, arch] = [
    process.platform === "win32" ? "windows" : process.platform,
    process.arch === "x64" ? "amd64" : process.arch,
  ];
  const version = PROVIDER_VERSION.slice(1);
  const target = join(mirror, "registry.opentofu.org/sullivtr/graphql", version, `${platform}_${arch}`);
  mkdirSync(target, { recursive: true });
  copyFileSync(join(folder, "terraform-provider-graphql"), join(target, `terraform-provider-graphql_v${version}`));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { provider: { type: "string", default: PROVIDER } } });
  const work = mkdtempSync(join(tmpdir(), "pulumi-ion-opentofu-"));
  try {
    compileTofu(join(work, "tofu"));
    compileProvider(values.provider, join(work, "provider"));
    console.log(`Compiled into ${folder}.`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function compileTofu(cwd: string): void {
  mkdirSync(cwd);
  run("go", ["mod", "init", "bench/opentofu"], cwd);
  run("go", ["mod", "edit", `-replace=${HCL}`], cwd);
  run("go", ["get", `${TOFU}/cmd/tofu@${TOFU_VERSION}`], cwd);
  build(`${TOFU}/cmd/tofu`, "tofu", cwd);
}

function compileProvider(source: string, cwd: string): void {
  run("git", ["clone", "--quiet", "--depth=1", `--branch=${PROVIDER_VERSION}`, source, cwd], tmpdir());
  build(".", "terraform-provider-graphql", cwd);
}

function build(target: string, name: string, cwd: string): void {
  run("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", join(folder, name), target], cwd);
}

function run(command: string, args: readonly string[], cwd: string): void {
  console.log([command, ...args].join(" "));
  execFileSync(command, args, { cwd, stdio: "inherit", env: { ...process.env, CGO_ENABLED: "0" } });
}
