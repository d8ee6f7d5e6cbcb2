import { nullTranslator } from '@jupyterlab/translation';

import { RequestError, Requests, TIMEOUT_MS } from '../request';
import {
  refusal,
  Server,
  ServerThatAnswersOnly,
  ServerThatGoesAway,
  ServerThatHangs
} from './fake-server';

const trans = nullTranslator.load('');

function asking(server: Server): Requests {
  return new Requests(server.settings, trans);
}

async function errorOf(question: Promise<unknown>): Promise<RequestError> {
  const error = await question.then(
    () => null,
    reason => reason
  );
  expect(error).toBeInstanceOf(RequestError);
  return error;
}

test('a refusal keeps the server’s words, its kind and the problem of each field', async () => {
  const server = new Server();
  const problems = [{ field: 'parameters.lr', message: 'The list is empty.' }];
  server.routes.set('POST sweeps', () =>
    refusal('Invalid', 'parameters.lr: The list is empty.', 422, problems)
  );

  const error = await errorOf(
    asking(server).ask('createSweep', {}, { notebook: 'a.ipynb' })
  );

  expect(error.message).toBe('parameters.lr: The list is empty.');
  expect(error.kind).toBe('Invalid');
  expect(error.problems).toEqual(problems);
  expect(error.status).toBe(422);
});

test.each([
  [404, '<html>nginx</html>', /no jupyter_mlops/],
  [404, '{"message": "Not Found"}', /no jupyter_mlops/],
  [403, '{"message": "Forbidden"}', /logged out/],
  [502, 'Bad gateway', /error 502/],
  [500, '{"message": "boom"}', /error 500.*boom/],
  [200, '<html>Log in</html>', /not JSON.*logged out/]
])(
  'what a stranger says (%p, %p) is put in words',
  async (status, body, words) => {
    const server = new ServerThatAnswersOnly(status, body);

    const error = await errorOf(asking(server).ask('status', {}));

    expect(error.message).toMatch(words);
    expect(error.problems).toEqual([]);
  }
);

test('a server that is gone is a matter of the network, and sweeps go on', async () => {
  const server = new ServerThatGoesAway();
  server.gone = true;

  const error = await errorOf(asking(server).ask('status', {}));

  expect(error.kind).toBe('Network');
  expect(error.message).toMatch(/does not answer.*sweeps go on/);
});

test.each([
  ['GET', (ask: Requests) => ask.ask('status', {}), /try again/],
  [
    'POST',
    (ask: Requests) => ask.ask('pauseSweep', { sweep: 's1' }),
    /may still happen/
  ]
])(
  'a %s that nobody answers ends after a while',
  async (_, question, words) => {
    jest.useFakeTimers();
    try {
      const error = errorOf(question(asking(new ServerThatHangs())));
      await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
      expect((await error).kind).toBe('Timeout');
      expect((await error).message).toMatch(words);
    } finally {
      jest.useRealTimers();
    }
  }
);

test('names go into the address as they are, whatever they hold', async () => {
  const server = new Server();
  server.routes.set('GET sweeps/a%2Fb%3F%24%26', () => ({ id: 'found' }));

  const sweep = await asking(server).ask('getSweep', { sweep: 'a/b?$&' });

  expect(sweep.id).toBe('found');
});
