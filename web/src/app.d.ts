// Types that the build tool brings along.
/// <reference types="svelte" />
/// <reference types="vite/client" />
