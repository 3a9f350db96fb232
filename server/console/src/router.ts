// Addresses of the page. Each page is loaded when it is first shown.
import { createRouter, createWebHistory } from "vue-router";
import { kinds } from "./forms/records";
import { findSession, session } from "./state/session";

/** What the page of a record of some kind is given. */
const ofKind = (kind: string) => (to: { params: Record<string, unknown> }) => ({ kind, id: String(to.params.id) });

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: "/signin", component: () => import("./pages/SignIn.vue"), meta: { isPublic: true } },
    { path: "/hall", component: () => import("./pages/Hall.vue") },
    { path: "/print/notice/:id", component: () => import("./print/Notice.vue"), props: true },
    { path: "/print/signboards/:kind", component: () => import("./print/Signboards.vue"), props: true },
    { path: "/print/public-notice", component: () => import("./print/PublicNotice.vue") },
    { path: "/print/statistics", component: () => import("./print/StatisticsSheet.vue") },
    {
      path: "/",
      component: () => import("./parts/Shell.vue"),
      children: [
        { path: "", component: () => import("./pages/Overview.vue") },
        { path: "queue", component: () => import("./pages/Queue.vue") },
        { path: "hazards", component: () => import("./pages/Hazards.vue") },
        { path: "hazards/:id", component: () => import("./pages/HazardPage.vue"), props: true },
        { path: "inspections", component: () => import("./pages/Inspections.vue") },
        { path: "violations", component: () => import("./pages/Violations.vue") },
        ...["inspections", "violations"].map((kind) => ({
          path: `${kind}/:id`,
          component: () => import("./pages/ReviewPage.vue"),
          props: ofKind(kind),
        })),
        { path: "ledger", component: () => import("./pages/Ledger.vue") },
        { path: "statistics", component: () => import("./pages/Statistics.vue") },
        { path: "devices", component: () => import("./pages/Devices.vue") },
        { path: "quarantine", component: () => import("./pages/Quarantine.vue") },
        { path: "import", component: () => import("./pages/Import.vue") },
        { path: "account", component: () => import("./pages/Account.vue") },
        ...Object.keys(kinds).flatMap((kind) => [
          { path: kind, component: () => import("./pages/Records.vue"), props: { kind } },
          {
            path: `${kind}/:id`,
            component: () => import("./pages/RecordPage.vue"),
            props: ofKind(kind),
          },
        ]),
        { path: ":rest(.*)", component: () => import("./pages/Nothing.vue") },
      ],
    },
  ],
});

router.beforeEach(async (to) => {
  if (to.meta.isPublic) return true;
  // A screen in the hall shows the hall, whatever it is asked for.
  if (await findSession()) return session.me?.is_hall && to.path !== "/hall" ? "/hall" : true;
  return { path: "/signin", query: { to: to.fullPath } };
});
