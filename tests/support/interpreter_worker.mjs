// A module worker that runs the shared tests: told {kind, files, plan}, it answers what they return,
// or {error}.
import { prepare } from "/prepare_python.mjs";

addEventListener("message", async ({ data: { kind, files, plan } }) => {
  try {
    const run = await prepare(await import(`/${kind}/${kind}.mjs`), files);
    postMessage(await run(plan));
  } catch (thrown) {
    postMessage({ error: String(thrown.stack ?? thrown) });
  }
});
