// Files, an echo, and a WebSocket that repeats short texts: by hand, with what Node brings along.
const { createHash } = require("node:crypto");
const { createReadStream } = require("node:fs");
const { createServer } = require("node:http");

const server = createServer((request, response) => {
  if (request.url === "/echo") return request.pipe(response);
  const file = createReadStream("ROOT/root" + request.url);
  file.on("error", () => response.writeHead(404).end("no such file\n"));
  file.pipe(response);
});

server.on("upgrade", (request, socket, early) => {
  const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
    `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let received = early;
  socket.on("data", (piece) => {
    received = Buffer.concat([received, piece]);
    const length = received[1] & 127;
    if (received.length < 6 + length) return;
    const mask = received.subarray(2, 6);
    const text = received.subarray(6, 6 + length).map((octet, at) => octet ^ mask[at % 4]);
    received = received.subarray(6 + length);
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
});

server.listen(PORT, "127.0.0.1");
