import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { onSignedOut } from '@/api/client'
import App from '@/App.vue'
import { i18n } from '@/i18n'
import { prefetch, router } from '@/router'
import { useSession } from '@/stores/session'
import '@/theme.css'

const app = createApp(App).use(createPinia()).use(i18n)
onSignedOut(() => useSession().forget())
app.use(router)
await router.isReady()
app.mount('#app')
setTimeout(prefetch, 500)
