// Working by keyboard: keys that are pressed outside of inputs and dialogs.
import { onBeforeUnmount, onMounted } from "vue";

/** Hands keys to `press`, which says whether it used them. */
export function useKeys(press: (key: string) => boolean): void {
  function pressed(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isTyping = target.closest("input, textarea, select, [contenteditable], .el-dialog, .el-select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (press(event.key)) event.preventDefault();
  }
  onMounted(() => window.addEventListener("keydown", pressed));
  onBeforeUnmount(() => window.removeEventListener("keydown", pressed));
}
