// A page in plain JavaScript that signs in, asks the demo, and marks the first byte of its answer.
performance.mark("tollbridge:first-statement");
const json = { "Content-Type": "application/json" };
const sent = await fetch("/api/v1/paywall/pw_demo/auth/anonymous/signin", { method: "POST", headers: json, body: "{}" });
const { access_token: token } = await sent.json();
const answer = await fetch("/api/v1/api-gateway/prov_demo_chat/v1/chat/completions?paywall_id=pw_demo", {
  method: "POST",
  headers: { ...json, Authorization: `Bearer ${token}` },
  body: JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "Hello!" }] }),
});
await answer.body.getReader().read();
performance.mark("tollbridge:first-byte");
