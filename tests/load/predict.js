// Load by k6: predictions of random windows, checked by their status.
//
//   k6 run -e ADDRESS=127.0.0.1:50051 -e BASES=1000 -e WINDOWS=16 -e VUS=8 -e DURATION=30s tests/load/predict.js
//
// RESOURCE_EXHAUSTED with a hint when to come again is no failure; it is counted.
import { check, sleep } from 'k6';
import { Client, StatusOK, StatusResourceExhausted } from 'k6/net/grpc';
import { Counter } from 'k6/metrics';

const bases = Number(__ENV.BASES || 1000);
const windows = Number(__ENV.WINDOWS || 16);
const client = new Client();
client.load([__ENV.PROTO || '../../proto'], 'polaris/v1/polaris.proto');
const predicted = new Counter('predicted_windows');
const refused = new Counter('refused_requests');

export const options = {
  vus: Number(__ENV.VUS || 8),
  duration: __ENV.DURATION || '30s',
  thresholds: { checks: ['rate==1.0'] },
};

function window() {
  let sequence = '';
  for (let base = 0; base < bases; base += 1) {
    sequence += 'ACGT'[Math.floor(Math.random() * 4)];
  }
  return { sequence, expression: { K562: 1.5, HepG2: 0.5 }, region: 'REGION_INTRON' };
}

export default function () {
  if (__ITER === 0) {
    client.connect(__ENV.ADDRESS || '127.0.0.1:50051', { plaintext: true });
  }
  const request = { windows: Array.from({ length: windows }, window) };
  const reply = client.invoke('polaris.v1.PolarisService/Predict', request);
  if (reply.status === StatusResourceExhausted) {
    refused.add(1);
    const wait = Number((reply.trailers['grpc-retry-pushback-ms'] || [])[0]);
    check(wait, { 'a refusal says when to come again': (wait) => wait > 0 });
    sleep(wait / 1000);
    return;
  }
  check(reply, { 'answered': (reply) => reply.status === StatusOK });
  if (reply.status === StatusOK) {
    predicted.add(windows);
  }
}
