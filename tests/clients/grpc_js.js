// A prediction by grpc-js: `node grpc_js.js HOST:PORT MODEL BASES PROTO_FOLDER`. Needs @grpc/grpc-js and @grpc/proto-loader.
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, model, bases, folder] = process.argv.slice(2);
const definition = loader.loadSync('polaris/v1/polaris.proto', { includeDirs: [folder] });
const { PolarisService } = grpc.loadPackageDefinition(definition).polaris.v1;
const client = new PolarisService(address, grpc.credentials.createInsecure());
const window = {
  sequence: 'A'.repeat(Number(bases)),
  expression: { K562: 1.5, HepG2: 0.5 },
  region: 'REGION_INTRON',
};
const options = { deadline: Date.now() + 10000 };
client.predict({ windows: [window], modelIds: [model] }, new grpc.Metadata(), options, (error, reply) => {
  if (error) {
    console.error(error);
    process.exit(1);
  }
  console.log('probability', reply.predictions[0].probabilities);
  client.close();
});
