// npm's hyperdeck-server-connection as a deck with two clips: node hyperdeck_server.js NODE_MODULES. Prints its port; a line on stdin is a
// hand at its panel that plays the first clip.
const [modules] = process.argv.slice(2)
console.log = () => {}
const { HyperdeckServer } = require(`${modules}/hyperdeck-server-connection`)

const deck = { status: 'stopped', clip: 1, loop: false, left: 480 }
const clips = ['Holding.mov', 'Opener 1.mov']
const server = new HyperdeckServer('127.0.0.1', 0)
const transport = () => ({
  status: deck.status, speed: deck.status === 'play' ? '100' : '0', 'slot id': '1', 'clip id': String(deck.clip),
  'single clip': 'true', 'display timecode': '00:00:00:00', timecode: '00:00:00:00', 'video format': '1080p25', loop: String(deck.loop),
})
const become = (change) => {
  Object.assign(deck, change)
  server.notifyTransport(transport())
}
const no = (code, msg) => Promise.reject({ code, msg })

server.onDeviceInfo = async () => ({ 'protocol version': '1.8', model: 'Peer', 'slot count': '1' })
server.onTransportInfo = async () => transport()
server.onSlotInfo = async () => ({
  'slot id': '1', status: 'mounted', 'volume name': 'A', 'recording time': String(deck.left), 'video format': '1080p25',
})
server.onClipsGet = async () => ({
  'clip count': String(clips.length), ...Object.fromEntries(clips.map((name, at) => [String(at + 1), `${name} 00:00:00:00 00:00:10:00`])),
})
server.onRemote = async () => ({ enabled: 'true', override: 'false' })
server.onPlay = async ({ parameters }) => {
  if (deck.status === 'record') return no(150, 'invalid state')
  become({ status: 'play', loop: parameters.loop === 'true' })
}
server.onStop = async () => become({ status: 'stopped' })
server.onRecord = async () => (deck.status === 'play' ? no(150, 'invalid state') : become({ status: 'record' }))
server.onPreview = async ({ parameters }) => become({ status: parameters.enable === 'true' ? 'preview' : 'stopped' })
server.onGoTo = async ({ parameters }) => {
  const clip = Number(parameters['clip id'] || deck.clip)
  if (!clips[clip - 1]) return no(109, 'out of range')
  become({ clip })
}
process.stdin.on('data', () => become({ status: 'play', clip: 1 }))
server._server.on('listening', () => process.stdout.write(`${server._server.address().port}\n`))
