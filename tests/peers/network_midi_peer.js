// A session of network MIDI (npm rtpmidi): `node network_midi_peer.js OWN_PORT [PORT]` listens on OWN_PORT, which must be even, and with
// PORT joins the session there. Prints a JSON line for each peer and message; sends each line of hex on stdin as a message.
const readline = require('readline');
const logger = require('rtpmidi/src/logger');
const Session = require('rtpmidi/src/Session');

logger.silent = true;
const say = fact => console.log(JSON.stringify(fact));
const session = new Session(Number(process.argv[2]), 'third', 'third party');
session.on('streamAdded', () => say({ came: true }));
session.on('streamRemoved', () => say({ went: true }));
session.on('message', (_delta, bytes) => say({ bytes: Buffer.from(bytes).toString('hex') }));
session.on('ready', () => {
  console.log('open');
  if (process.argv[3]) session.connect({ address: '127.0.0.1', port: Number(process.argv[3]) });
});
session.start();
const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => {
  // Session.sendMessage drops the message it is given; its queue and all behind it work.
  session.queue.push({ comexTime: session.now(), data: Buffer.from(line, 'hex') });
  session.flushQueue();
});
input.on('close', () => session.end(() => process.exit(0)));
