// Sends the photos of what was just handed in, beside whatever is done next; says where it fails.
import { ElMessage } from "element-plus/es/components/message/index";
import { reactive } from "vue";
import { t } from "../i18n";
import { send, type Photo } from "./photos";

/** How many photos are on their way. */
export const sending = reactive({ photos: 0 });

// Whoever closes the page meanwhile is asked: the files stay in this browser, but nobody sends them.
window.addEventListener("beforeunload", (event) => {
  if (sending.photos > 0) event.preventDefault();
});

/** Sends photos that a record names now. They stay in this browser until the relay holds them. */
export async function sendPhotos(named: unknown): Promise<void> {
  const photos = (named as Photo[] | undefined) ?? [];
  if (photos.length === 0) return;
  sending.photos += photos.length;
  try {
    await send(photos);
  } catch {
    ElMessage.warning({ message: t("photos.notSent"), duration: 8_000 });
  } finally {
    sending.photos -= photos.length;
  }
}
