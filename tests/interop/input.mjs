// What the Python side asks for: a JSON object on stdin.
export async function readInput() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  return JSON.parse(text);
}
