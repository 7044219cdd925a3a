import { defineStore } from 'pinia'
import { ref } from 'vue'
import * as calls from '@/api/calls'
import type { DesignView, FabricView } from '@/api/types'

/** What can be ordered: fabrics with a recipe and sample designs. Loaded once per session. */
export const useCatalogue = defineStore('catalogue', () => {
  const fabrics = ref<FabricView[]>([])
  const designs = ref<DesignView[]>([])

  async function load(): Promise<void> {
    if (fabrics.value.length > 0) return
    ;[fabrics.value, designs.value] = await Promise.all([calls.fabrics(), calls.designs()])
  }
  const fabric = (name: string) => fabrics.value.find((one) => one.name === name)
  return { fabrics, designs, load, fabric }
})
