# The same kind of config as the product's: bare workerd, objects on disk.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (writable = true)),
    (name = "assets", disk = (writable = false)),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-10-23",
  durableObjectNamespaces = [(className = "Relay", uniqueKey = "floor-Relay", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [(name = "RELAY", durableObjectNamespace = "Relay")],
);
