import assert from 'node:assert/strict';
import { checkReply, checkRequest } from '../../../agent/vhost/check-message.ts';
import { encodeRequest, type MessageView } from '../../../agent/vhost/header.ts';
import { REQUESTS, requestById, requestName } from '../../../compat-tables/protocol/requests.ts';
import { hex } from '../support.ts';

/** The numbers of "Front-end message types" in the vhost-user specification, in its order. */
const SPECIFICATION =
  `GET_FEATURES SET_FEATURES SET_OWNER RESET_OWNER SET_MEM_TABLE SET_LOG_BASE SET_LOG_FD SET_VRING_NUM
  SET_VRING_ADDR SET_VRING_BASE GET_VRING_BASE SET_VRING_KICK SET_VRING_CALL SET_VRING_ERR GET_PROTOCOL_FEATURES
  SET_PROTOCOL_FEATURES GET_QUEUE_NUM SET_VRING_ENABLE SEND_RARP NET_SET_MTU SET_BACKEND_REQ_FD IOTLB_MSG SET_VRING_ENDIAN
  GET_CONFIG SET_CONFIG CREATE_CRYPTO_SESSION CLOSE_CRYPTO_SESSION POSTCOPY_ADVISE POSTCOPY_LISTEN POSTCOPY_END
  GET_INFLIGHT_FD SET_INFLIGHT_FD GPU_SET_SOCKET RESET_DEVICE VRING_KICK GET_MAX_MEM_SLOTS ADD_MEM_REG REM_MEM_REG SET_STATUS
  GET_STATUS GET_SHARED_OBJECT SET_DEVICE_STATE_FD CHECK_DEVICE_STATE GET_SHMEM_CONFIG GET_VRING_BASE_SKIP_DRAIN`.split(
    /\s+/,
  );

function view(request: number, flags: number, payload: string, fds = 0): MessageView {
  return { request, flags, payload: hex(payload), fds: { length: fds } };
}

const REGION = '00'.repeat(32);

describe('vhost-user request table', () => {
  it('has the names and numbers of the specification', () => {
    const table = Object.entries(REQUESTS).map(([name, { id }]) => `${id} ${name}`);
    assert.deepEqual(
      table,
      SPECIFICATION.map((name, i) => `${i + 1} ${name}`),
    );
  });

  it('finds a row by number, and names what it does not know', () => {
    assert.equal(requestById(2)?.name, 'SET_FEATURES');
    assert.equal(requestById(0), undefined);
    assert.equal(requestName(999), 'request 999');
  });

  it('lets descriptors go to the back-end with these requests only', () => {
    const carriers = Object.entries(REQUESTS)
      .filter(([, { fds }]) => fds !== 'none')
      .map(([name]) => name);
    assert.deepEqual(carriers, [
      'SET_MEM_TABLE',
      'SET_LOG_BASE',
      'SET_LOG_FD',
      'SET_VRING_KICK',
      'SET_VRING_CALL',
      'SET_VRING_ERR',
      'SET_BACKEND_REQ_FD',
      'SET_INFLIGHT_FD',
      'GPU_SET_SOCKET',
      'ADD_MEM_REG',
      'REM_MEM_REG',
      'SET_DEVICE_STATE_FD',
    ]);
  });

  it('lets descriptors come back with these replies only', () => {
    const carriers = Object.entries(REQUESTS)
      .filter(([, { replyFds }]) => replyFds !== 'none')
      .map(([name]) => name);
    assert.deepEqual(carriers, ['POSTCOPY_ADVISE', 'GET_INFLIGHT_FD', 'GET_SHARED_OBJECT', 'SET_DEVICE_STATE_FD']);
  });

  it('counts nothing as a mere question that changes the back-end', () => {
    const questions = Object.entries(REQUESTS)
      .filter(([, { question }]) => question)
      .map(([name]) => name);
    assert.deepEqual(questions, [
      'GET_FEATURES',
      'GET_PROTOCOL_FEATURES',
      'GET_QUEUE_NUM',
      'GET_CONFIG',
      'GET_MAX_MEM_SLOTS',
      'GET_STATUS',
      'GET_SHMEM_CONFIG',
    ]);
  });
});

const good: { title: string; message: MessageView }[] = [
  { title: 'GET_FEATURES', message: view(1, 1, '') },
  { title: 'SET_FEATURES', message: view(2, 9, '00'.repeat(8)) },
  { title: 'SET_MEM_TABLE, 2 regions', message: view(5, 9, `0200000000000000${REGION}${REGION}`, 2) },
  { title: 'SET_MEM_TABLE, 8 regions', message: view(5, 9, `0800000000000000${REGION.repeat(8)}`, 8) },
  {
    title: 'SET_MEM_TABLE with longer regions (Xen)',
    message: view(5, 1, `0100000000000000${REGION}${'00'.repeat(8)}`, 1),
  },
  { title: 'the acknowledgement of postcopy', message: view(5, 1, '00'.repeat(8)) },
  { title: 'SET_LOG_BASE with LOG_SHMFD', message: view(6, 1, '00'.repeat(16), 1) },
  { title: 'SET_LOG_BASE without', message: view(6, 1, '00'.repeat(8)) },
  { title: 'SET_VRING_KICK with a descriptor', message: view(12, 1, '0100000000000000', 1) },
  { title: 'SET_VRING_KICK without, and saying so', message: view(12, 1, '0101000000000000', 0) },
  { title: 'SET_BACKEND_REQ_FD', message: view(21, 9, '', 1) },
  { title: 'REM_MEM_REG with the superfluous descriptor', message: view(38, 1, '00'.repeat(40), 1) },
  { title: 'a request of the future', message: view(999, 1, 'aabb', 8) },
];
const bad: { title: string; message: MessageView; kind: string }[] = [
  { title: 'a reply', message: view(1, 5, ''), kind: 'header' },
  { title: 'an unknown reply', message: view(999, 5, ''), kind: 'header' },
  { title: 'GET_FEATURES with a payload', message: view(1, 1, '00'), kind: 'size' },
  { title: 'SET_FEATURES too short', message: view(2, 1, '00'.repeat(7)), kind: 'size' },
  { title: 'SET_FEATURES too long', message: view(2, 1, '00'.repeat(9)), kind: 'size' },
  { title: 'SET_FEATURES with a descriptor', message: view(2, 1, '00'.repeat(8), 1), kind: 'descriptors' },
  { title: 'SET_MEM_TABLE without a header', message: view(5, 1, '01'), kind: 'size' },
  { title: 'SET_MEM_TABLE shorter than its count', message: view(5, 1, `0200000000000000${REGION}`, 2), kind: 'size' },
  { title: 'SET_MEM_TABLE of 2^32 - 1 regions', message: view(5, 1, `ffffffff00000000${REGION}`, 1), kind: 'size' },
  { title: 'SET_MEM_TABLE of 9 regions', message: view(5, 1, `0900000000000000${REGION.repeat(9)}`, 9), kind: 'size' },
  {
    title: 'SET_MEM_TABLE with a descriptor too many',
    message: view(5, 1, `0100000000000000${REGION}`, 2),
    kind: 'descriptors',
  },
  {
    title: 'SET_MEM_TABLE with a descriptor too few',
    message: view(5, 1, `0100000000000000${REGION}`, 0),
    kind: 'descriptors',
  },
  { title: 'SET_VRING_KICK without its descriptor', message: view(12, 1, '0100000000000000', 0), kind: 'descriptors' },
  { title: 'SET_VRING_KICK with one that it denies', message: view(12, 1, '0101000000000000', 1), kind: 'descriptors' },
  { title: 'SET_VRING_CALL with two', message: view(13, 1, '0100000000000000', 2), kind: 'descriptors' },
  { title: 'SET_VRING_NUM of ring 256', message: view(8, 1, '0001000000010000'), kind: 'ring index' },
  {
    title: 'SET_VRING_ADDR of ring 65536, which two bytes would not tell from 0',
    message: view(9, 1, `00000100${'00'.repeat(36)}`),
    kind: 'ring index',
  },
  { title: 'SET_BACKEND_REQ_FD without a descriptor', message: view(21, 1, ''), kind: 'descriptors' },
  { title: 'an unknown request with 9 descriptors', message: view(999, 1, '', 9), kind: 'descriptors' },
];

describe('vhost-user rules for requests', () => {
  for (const { title, message } of good)
    it(`let pass: ${title}`, () => assert.doesNotThrow(() => checkRequest(message)));
  for (const { title, message, kind } of bad)
    it(`refuse: ${title}`, () => assert.throws(() => checkRequest(message), { name: 'VhostProtocolError', kind }));
});

describe('vhost-user rules for replies', () => {
  const cases = [
    { title: 'GET_FEATURES', message: view(1, 5, '00'.repeat(8)) },
    { title: 'an acknowledgement', message: view(2, 5, '00'.repeat(8)) },
    { title: "DPDK's empty reply to SET_LOG_BASE", message: view(6, 5, '') },
    { title: 'the descriptor of POSTCOPY_ADVISE', message: view(28, 5, '', 1) },
    { title: 'a request', message: view(1, 1, '00'.repeat(8)), kind: 'header' },
    { title: 'GET_FEATURES too short', message: view(1, 5, '00'.repeat(4)), kind: 'size' },
    { title: 'GET_FEATURES with a descriptor', message: view(1, 5, '00'.repeat(8), 1), kind: 'descriptors' },
    { title: 'an acknowledgement with a descriptor', message: view(5, 5, '00'.repeat(8), 1), kind: 'descriptors' },
  ];
  for (const { title, message, kind } of cases) {
    if (kind === undefined) it(`let pass: ${title}`, () => assert.doesNotThrow(() => checkReply(message)));
    else it(`refuse: ${title}`, () => assert.throws(() => checkReply(message), { name: 'VhostProtocolError', kind }));
  }
});

describe('vhost-user encoder', () => {
  it('writes what the specification says', () => {
    assert.deepEqual(
      [...encodeRequest(13, hex('0100000000000000'), 8)],
      [...hex('0d000000 09000000 08000000 0100000000000000')],
    );
  });
});
