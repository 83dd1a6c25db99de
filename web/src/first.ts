// What a first visit will show is asked of the server before anything else of the page is here: a script of its own, as small as can be.
import { matchPath } from "./lib/router/match";
import { askForFirst } from "./lib/state/first-visit";
import { rememberedWorkspace } from "./lib/state/remembered";

const route = matchPath(location.pathname);
// A sign-in link decides for itself who is signed in afterwards.
if (route.view !== "signIn") askForFirst("workspace" in route ? route.workspace : rememberedWorkspace());
