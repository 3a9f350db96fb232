import { createApp } from "vue";
import App from "./App.vue";
import { i18n } from "./i18n";
import { router } from "./router";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/el-message.css";
import "element-plus/theme-chalk/el-message-box.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/lists.css";
import "./styles/record.css";
import "./styles/forms.css";
import "./styles/figures.css";
import "./styles/small.css";

import { sweepDrafts } from "./state/drafts";

sweepDrafts();
createApp(App).use(i18n).use(router).mount("#app");
