// A node of one universe by the dmxnet package of npm, which prints the slots that it gets, a JSON array a line:
// dmxnet_node.js ADDRESS NET SUBNET UNIVERSE
const os = require("os");
const { dmxnet } = require("dmxnet");

const [address, net, subnet, universe] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

function start() {
    // It looks at the network's interfaces once: a link that has just come up is not among them yet.
    const here = Object.values(os.networkInterfaces()).flat();
    if (!here.some((one) => one.address === address)) return setTimeout(start, 50);
    const node = new dmxnet({ hosts: [address], sName: "npm dmxnet", log: { silent: true } });
    // A receiver announces itself at once, from this socket.
    node.socket.once("listening", () => {
        node.newReceiver({ net: Number(net), subnet: Number(subnet), universe: Number(universe) }).on("data", say);
        say("listening");
    });
}

start();
