"""A Redis server with a replica, and three Sentinels that make the replica the master when the master is gone."""
import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from harness import HERE, end_process, free_port, wait_for

MASTER = "mymaster"
PASSWORD, SENTINEL_PASSWORD = "for redis", "for sentinels"


class Sentinels:
    """secured: passwords, and TLS with client certificates between all. The plain ports serve the test's own clients only."""

    def __init__(self, folder, secured):
        self.folder, self.secured, self.processes = Path(folder), secured, {}
        if secured:
            subprocess.run([HERE.parent / "certificates.sh", self.folder], check=True)
        self.ports = {name: (free_port(), free_port()) for name in ["redis-0", "redis-1", *self.names()]}
        self.used = {name: ports[secured] for name, ports in self.ports.items()}  # by npsd and between the servers
        self.clients = {name: Redis(host="127.0.0.1", port=self.ports[name][0], password=self.password(name))
                        for name in self.ports}
        self.start("redis-0")
        self.start("redis-1", "--replicaof", "127.0.0.1", str(self.used["redis-0"]))
        self.wait_for_replica("redis-1")
        for name in self.names():
            self.start(name)
        wait_for("the Sentinels know each other and the replica", lambda: all(map(self.is_ready, self.names())))
        hosts = ",".join(f"127.0.0.1:{self.used[name]}" for name in self.names())
        login = f":{PASSWORD.replace(' ', '%20')}@" if secured else ""
        self.url = f"redis{'s' if secured else ''}+sentinel://{login}{hosts}/{MASTER}"
        self.options = {"redis.url": self.url}
        if secured:
            self.options.update({
                "redis.sentinel_password": SENTINEL_PASSWORD, "redis.tls_ca": self.file("ca.pem"),
                "redis.tls_cert": self.file("client.pem"), "redis.tls_key": self.file("client.key")})

    @staticmethod
    def names():
        return ["sentinel-0", "sentinel-1", "sentinel-2"]

    def file(self, name):
        return str(self.folder / name)

    def password(self, name):
        if not self.secured:
            return None
        return PASSWORD if name.startswith("redis") else SENTINEL_PASSWORD

    def options_of(self, name):
        plain, tls = self.ports[name]
        found = ["port", plain, "bind", "127.0.0.1"]
        if name.startswith("redis"):
            found += ["dir", self.folder, "dbfilename", f"{name}.rdb", "save", "", "repl-diskless-sync-delay", 0]
            found += ["requirepass", PASSWORD, "masterauth", PASSWORD] if self.secured else []
        else:
            found += ["requirepass", SENTINEL_PASSWORD] if self.secured else []
        if self.secured:
            found += ["tls-port", tls, "tls-replication", "yes", "tls-cert-file", self.file("server.pem"),
                      "tls-key-file", self.file("server.key"), "tls-ca-cert-file", self.file("ca.pem")]
        return [f'{key} "{value}"' for key, value in zip(found[::2], found[1::2])]

    def monitoring(self):
        found = [f"monitor {MASTER} 127.0.0.1 {self.used['redis-0']} 2", f"down-after-milliseconds {MASTER} 1000",
                 f"failover-timeout {MASTER} 2000"]
        if self.secured:
            found += [f'auth-pass {MASTER} "{PASSWORD}"', f'sentinel-pass "{SENTINEL_PASSWORD}"']
        return [f"sentinel {line}" for line in found]

    def start(self, name, *arguments):
        conf, log_path = self.folder / f"{name}.conf", self.folder / f"{name}.log"
        is_sentinel = name not in ("redis-0", "redis-1")
        conf.write_text("\n".join([*self.options_of(name), *(self.monitoring() if is_sentinel else [])]) + "\n")
        with open(log_path, "ab") as log:
            self.processes[name] = subprocess.Popen(
                ["redis-server", str(conf), *arguments, *(["--sentinel"] if is_sentinel else [])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def answers():
            assert self.processes[name].poll() is None, log_path.read_text()[-2000:]
            try:
                return self.clients[name].ping()
            except RedisError:
                return False
        wait_for(f"{name} answers", answers)

    def is_ready(self, name):
        state = self.clients[name].sentinel_master(MASTER)
        return state["num-slaves"] == 1 and state["num-other-sentinels"] == 2

    def named(self, name):
        """The server that a Sentinel names."""
        port = int(self.clients[name].execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)[1])
        return next(server for server in ("redis-0", "redis-1") if self.used[server] == port)

    def is_master(self, name):
        """Whether every Sentinel names the server, and it is a master."""
        try:
            return (all(self.named(sentinel) == name for sentinel in self.names())
                    and self.clients[name].info("replication")["role"] == "master")
        except RedisError:
            return False

    def wait_for_replica(self, name):
        """Until the server has the data of the other one."""
        wait_for(f"{name} is a replica", lambda: self.clients[name].info("replication").get("master_link_status") == "up")

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def fail_over(self):
        """The Sentinels exchange master and replica, both of which run."""
        def is_accepted():
            try:
                return self.clients["sentinel-0"].execute_command("SENTINEL", "FAILOVER", MASTER) in (True, b"OK", "OK")
            except ResponseError:  # the replica is not good enough yet, or a fail-over is in progress
                return False
        wait_for("the fail-over is accepted", is_accepted)

    def demote(self, name, master):
        self.clients[name].replicaof("127.0.0.1", self.used[master])

    def stop(self):
        for client in self.clients.values():
            client.close()
        for process in self.processes.values():
            end_process(process)
