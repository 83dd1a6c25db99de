// What a first visit will show is asked for before anything else of the page is here, of the server and of the page itself: a script of its own, as
// small as can be.
import { matchPath } from "./lib/router/match";
import { askForFirst } from "./lib/state/first-visit";
import { rememberedWorkspace } from "./lib/state/remembered";
import { fetchFor } from "./views/parts";

const route = matchPath(location.pathname);
// A sign-in link decides for itself who is signed in afterwards.
if (route.view !== "signIn") askForFirst("workspace" in route ? route.workspace : rememberedWorkspace());
fetchFor(route);
