// Working by keyboard: keys that are pressed outside of inputs and dialogs.
import { onBeforeUnmount, onMounted } from "vue";

const TYPING = "input, textarea, select, [contenteditable], .el-dialog, .el-message-box, .el-select";

/** Whether something lies over the page: keys are its own, wherever the focus is. */
const isCovered = () => [...document.querySelectorAll(".el-overlay")].some((overlay) => getComputedStyle(overlay).display !== "none");

/** Hands keys to `press`, which says whether it used them. */
export function useKeys(press: (key: string) => boolean): void {
  function pressed(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest(TYPING) || isCovered()) return;
    // Enter is the button's that has the focus; in the list of the queue it acts on what is chosen.
    if (event.key === "Enter" && target.closest("a, button, summary") && !target.closest(".waiting")) return;
    if (press(event.key)) event.preventDefault();
  }
  onMounted(() => window.addEventListener("keydown", pressed));
  onBeforeUnmount(() => window.removeEventListener("keydown", pressed));
}
