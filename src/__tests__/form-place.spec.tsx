import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { Plan, type IPlanProps } from '../sweep/form-plan';
import { initialState, type FormState } from '../sweep/form-state';
import { KUBERNETES, LOCAL } from './fake-server';
import { aNotebook } from './form-values';

const trans = nullTranslator.load('');
const BROKEN = { ...KUBERNETES, problem: 'Pods cannot reach the store.' };

function show(
  chosen: Partial<FormState> = {},
  change: Partial<IPlanProps> = {}
) {
  const info = aNotebook();
  const onChange = jest.fn();
  render(
    <Plan
      info={info}
      state={{ ...initialState(info), ...chosen }}
      offers={[LOCAL, KUBERNETES]}
      problems={new Map()}
      trials={1}
      trans={trans}
      onChange={onChange}
      {...change}
    />
  );
  return onChange;
}

const ON_CLUSTER = { executor: 'kubernetes' };
const runOn = () => screen.queryByRole('radiogroup', { name: 'Run on' });
const select = () =>
  screen.getByRole<HTMLSelectElement>('combobox', { name: 'Compute profile' });

function describing(element: HTMLElement): string {
  const ids = element.getAttribute('aria-describedby')?.split(' ') ?? [];
  const words = ids.map(id => document.getElementById(id)?.textContent);
  return words.join(' ').replace(/\u00a0/g, ' ');
}

test('where there is one place only, nothing is asked', () => {
  show({}, { offers: [LOCAL] });
  expect(runOn()).toBeNull();
  expect(screen.queryByRole('combobox', { name: /profile/ })).toBeNull();
  screen.getByRole('textbox', { name: 'Trials at once' });
});

test('where there are two, the first is chosen until somebody chooses', () => {
  const onChange = show();
  const here = screen.getByRole<HTMLInputElement>('radio', {
    name: 'this machine'
  });
  expect(here.checked).toBe(true);
  screen.getByRole('textbox', { name: 'Trials at once' });

  fireEvent.click(screen.getByRole('radio', { name: 'Kubernetes' }));
  expect(onChange).toHaveBeenCalledWith({ executor: 'kubernetes' });
});

test('a cluster has profiles, each of which says what a pod gets', () => {
  const onChange = show({ ...ON_CLUSTER, profile: 'gpu-small' });
  const options = [...select().options].map(option => option.text);
  expect(options).toEqual(['Small', 'GPU small']);
  expect(select().value).toBe('gpu-small');
  const about = describing(select());
  expect(about).toContain('For networks of some million weights.');
  expect(about).toContain('Each pod: 4 CPU, 16Gi, 1 nvidia.com/gpu');
  expect(about).toContain('Waits in queue team-a');

  fireEvent.change(select(), { target: { value: 'small' } });
  expect(onChange).toHaveBeenCalledWith({ profile: 'small' });
});

test('pods at once are the profile’s to suggest and to limit', () => {
  const onChange = show({ ...ON_CLUSTER, profile: 'gpu-small' });
  const pods = screen.getByRole<HTMLInputElement>('textbox', {
    name: 'Pods at once, 8 at most'
  });
  expect([pods.value, pods.placeholder]).toEqual(['', '4 (at most 8)']);
  fireEvent.change(pods, { target: { value: '6' } });
  fireEvent.click(screen.getByText('More'));
  const perPod = screen.getByLabelText<HTMLInputElement>(
    'Trials per pod, one after another'
  );
  expect(perPod.placeholder).toBe('5');
  fireEvent.change(perPod, { target: { value: '3' } });
  expect(onChange.mock.calls).toEqual([
    [{ pods: '6' }],
    [{ trialsPerPod: '3' }]
  ]);
});

test('why a place cannot be used stands beside the choice, before anybody has asked', () => {
  show(ON_CLUSTER, { offers: [LOCAL, BROKEN] });
  expect(runOn()!.getAttribute('aria-invalid')).toBe('true');
  expect(describing(runOn()!)).toBe('Pods cannot reach the store.');
});

test('a place that cannot be used disturbs nobody who has chosen the other', () => {
  show({}, { offers: [LOCAL, BROKEN] });
  expect(screen.queryByText('Pods cannot reach the store.')).toBeNull();
});

test('a lone place that cannot be used says why, too', () => {
  show({}, { offers: [BROKEN] });
  expect(describing(runOn()!)).toBe('Pods cannot reach the store.');
});

test('what the server says of each field stands beside it', () => {
  const problems = new Map([
    ['executor', 'Not there.'],
    ['profile', 'No such profile.'],
    ['parallelism', 'At most 8.'],
    ['trials_per_pod', 'At least 1.']
  ]);
  show({ ...ON_CLUSTER, profile: 'gone' }, { problems });

  expect(describing(runOn()!)).toBe('Not there.');
  expect(select().value).toBe('gone');
  expect(describing(select())).toBe('No such profile.');
  const field = (name: RegExp) => screen.getByRole('textbox', { name });
  expect(describing(field(/^Pods at once/))).toBe('At most 8.');
  // It opens by itself.
  expect(describing(field(/^Trials per pod/))).toBe('At least 1.');
});

test('where an earlier sweep ran stays chosen, though it is not offered', () => {
  const problems = new Map([['executor', 'Trials cannot run on it here.']]);
  show({ executor: 'slurm' }, { offers: [LOCAL, KUBERNETES], problems });
  // Three do not fit beside each other.
  const place = screen.getByRole<HTMLSelectElement>('combobox', {
    name: 'Run on'
  });
  expect([...place.options].map(option => option.text)).toEqual([
    'this machine',
    'Kubernetes',
    'slurm'
  ]);
  expect(place.value).toBe('slurm');
  expect(describing(place)).toBe('Trials cannot run on it here.');
});

test('a profile of another executor is not carried over', () => {
  const other = { ...KUBERNETES, name: 'slurm', profiles: [] };
  const profiles = [{ ...KUBERNETES.profiles[0], name: 'night' }];
  const onChange = show(
    { executor: 'kubernetes', profile: 'gpu-small' },
    { offers: [KUBERNETES, { ...other, profiles }] }
  );
  fireEvent.click(screen.getByRole('radio', { name: 'slurm' }));
  expect(onChange).toHaveBeenCalledWith({ executor: 'slurm', profile: '' });
});
