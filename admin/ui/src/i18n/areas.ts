/** The areas that have catalogues: their English words say which keys there are. One line an area. */
import type access from './en/access.json';
import type bulk from './en/bulk.json';
import type calendars from './en/calendars.json';
import type channels from './en/channels.json';
import type companies from './en/companies.json';
import type contacts from './en/contacts.json';
import type digest from './en/digest.json';
import type door from './en/door.json';
import type eventKinds from './en/event_kinds.json';
import type eventSources from './en/event_sources.json';
import type flows from './en/flows.json';
import type followUps from './en/follow_ups.json';
import type imports from './en/imports.json';
import type inbox from './en/inbox.json';
import type knowledge from './en/knowledge.json';
import type leads from './en/leads.json';
import type look from './en/look.json';
import type merges from './en/merges.json';
import type numbers from './en/numbers.json';
import type privacy from './en/privacy.json';
import type samples from './en/samples.json';
import type scores from './en/scores.json';
import type segments from './en/segments.json';
import type session from './en/session.json';
import type settings from './en/settings.json';
import type shell from './en/shell.json';
import type tasks from './en/tasks.json';
import type trials from './en/trials.json';
import type webhooks from './en/webhooks.json';

export interface Areas {
  access: typeof access;
  bulk: typeof bulk;
  calendars: typeof calendars;
  channels: typeof channels;
  companies: typeof companies;
  digest: typeof digest;
  door: typeof door;
  contacts: typeof contacts;
  event_kinds: typeof eventKinds;
  event_sources: typeof eventSources;
  flows: typeof flows;
  follow_ups: typeof followUps;
  imports: typeof imports;
  inbox: typeof inbox;
  knowledge: typeof knowledge;
  leads: typeof leads;
  look: typeof look;
  merges: typeof merges;
  numbers: typeof numbers;
  privacy: typeof privacy;
  samples: typeof samples;
  scores: typeof scores;
  segments: typeof segments;
  session: typeof session;
  settings: typeof settings;
  shell: typeof shell;
  tasks: typeof tasks;
  trials: typeof trials;
  webhooks: typeof webhooks;
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'shell';
    resources: Areas;
  }
}
