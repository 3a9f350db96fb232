// What each event of a record asks for. Whether it may happen is the relay's to say.
import { enumeration, instant, named, party, photos, prose, required, text, type Field, type Model } from "./fields";

const reason = prose("reason", required);
const isMajor = (model: Model) => model.grade === "major" || model.isMajor === true;

const planParts = [
  "goals_and_tasks",
  "methods_and_measures",
  "funds_and_supplies",
  "body_and_people",
  "time_limit_and_requirements",
  "safety_measures_and_contingency_plan",
];

const assignment: Field[] = [
  named("unit", "units", required),
  party("person", required),
  enumeration("mode", "rectification_mode", required),
  instant("deadline_ms", required),
  {
    key: "assurances",
    type: "group",
    isShown: (model) => !isMajor(model),
    fields: ["responsibility", "measures", "funds", "time_limit", "contingency_plan"].map((key) => text(key)),
  },
  {
    key: "plan",
    type: "group",
    isShown: isMajor,
    fields: [...planParts.map((key) => prose(key, required)), text("principal", required)],
  },
];

const events: Record<string, Record<string, Field[]>> = {
  hazard: {
    graded: [
      enumeration("grade", "hazard_grade", required),
      enumeration("nature", "hazard_nature", required),
      prose("criterion", { isShown: isMajor, ...required }),
      reason,
    ],
    control_measure: [prose("text", required)],
    assigned: assignment,
    extended: [instant("deadline_ms", required), reason],
    rectified: [prose("what", required), photos("photos")],
    "rectified.on_the_spot": [prose("what", required), photos("photos")],
    "rectified.on_behalf": [party("on_behalf_of", required), prose("what", required), photos("reply_photos")],
    returned_for_rework: [reason],
    verified: [prose("conclusion", required), prose("assessment", { isShown: isMajor, ...required })],
    closed_out: [],
    "verified.and_closed_out": [prose("conclusion", required)],
    voided: [reason],
    reopened: [reason],
    commented: [prose("text", required)],
  },
  inspection: {
    reviewed: [prose("remark")],
    returned: [prose("remark", required)],
    corrected: [prose("text", required)],
    commented: [prose("text", required)],
  },
  violation: {
    confirmed: [prose("remark")],
    handled: [prose("outcome", required)],
    withdrawn: [reason],
    commented: [prose("text", required)],
  },
  zone: { noted: [prose("text", required)], retired: [reason] },
  post: { named: [], review_started: [], withdrawn: [reason] },
  team: { noted: [prose("text", required)], ended: [prose("outcome", required)] },
  organisation: {
    approved: [named("secretary", "members", required)],
    activated: [],
    dissolved: [named("host", "organisations", required), reason],
    archived: [],
  },
  grant: { ended: [reason] },
  template: { published: [{ key: "items", type: "items", isRequired: true }], retired: [] },
};

/** What an event of a kind asks for; `undefined` where no form offers it. */
export function eventFields(kind: string, event: string): Field[] | undefined {
  return events[kind]?.[event];
}
