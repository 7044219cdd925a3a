import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from '@/stores/session'

const pages = {
  line: () => import('@/pages/LinePage.vue'),
  jobs: () => import('@/pages/JobsPage.vue'),
  job: () => import('@/pages/JobPage.vue'),
  plan: () => import('@/pages/PlanPage.vue'),
  figures: () => import('@/pages/FiguresPage.vue'),
  alarms: () => import('@/pages/AlarmsPage.vue'),
  trace: () => import('@/pages/TracePage.vue'),
  curves: () => import('@/pages/CurvesPage.vue'),
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'line', component: pages.line },
    { path: '/jobs', name: 'jobs', component: pages.jobs },
    { path: '/jobs/:id(\\d+)', name: 'job', component: pages.job, props: (route) => ({ id: Number(route.params.id) }) },
    { path: '/plan', name: 'plan', component: pages.plan },
    { path: '/figures', name: 'figures', component: pages.figures },
    { path: '/alarms', name: 'alarms', component: pages.alarms },
    { path: '/trace', name: 'trace', component: pages.trace },
    { path: '/curves', name: 'curves', component: pages.curves },
    { path: '/signin', name: 'signin', component: () => import('@/pages/SignInPage.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (!session.known) await session.load().catch(() => undefined)
  if (!session.user && to.name !== 'signin') return { name: 'signin', query: to.path === '/' ? {} : { next: to.fullPath } }
  if (session.user && to.name === 'signin') return { path: '/' }
  return true
})

/** Fetch the other pages after the first is shown: they could not be loaded once the connection is gone. */
export function prefetch(): void {
  for (const load of Object.values(pages)) void load().catch(() => undefined)
}
