/*
 * fakevm.c - the fake hypervisor: a guest whose link can be carried to another host.
 *
 *	fakevm [--no-announce] MAC GUEST-NS:IF HOST=NS:IF:BRIDGE ...
 *
 * The guest is a network namespace. Its link is a tap held here; frames are
 * pumped between it and a tap on the bridge of the host it runs on, as QEMU does
 * between its virtio queue and the tap libvirt gave it. While suspended nothing is
 * read: frames wait in the taps (txqueuelen 1000, as under QEMU) and what waits
 * in the old host's tap is lost when that one is detached. What was there at the
 * stop is read before it, as vhost is flushed (vhost_net_stop).
 *
 * Commands on stdin, one JSON line each on stdout, with the moment in
 * CLOCK_MONOTONIC nanoseconds:
 *
 *	attach HOST	make the tap there and put it into the bridge
 *	resume HOST	run there
 *	suspend		stop; the tap stays
 *	detach HOST	the tap is closed and gone
 *	quit
 *
 * Making and closing a tap takes the kernel seconds when it has many devices to
 * clear away. Under QEMU that is the other host's process and nobody waits for it;
 * here it is a thread that does nothing else, so that the pump never stands still.
 *
 * On resume the guest is announced to the switches as QEMU does it: five RARP
 * frames after 0, 50, 200, 450 and 800 ms (net/announce.c).
 *
 * Layer: lab.
 */
#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HOSTS_MAX 8
#define BURST_MAX 64   /* frames one way before the other way has its turn */
#define FRAME_MAX 2048 /* octets; the links of the lab have an MTU of 1500 */
#define QUEUE_LEN 1000 /* frames that wait in a tap, QEMU's and libvirt's default */
#define COMMAND_MAX 256

static const int announce_ms[] = { 0, 50, 200, 450, 800 };
#define ANNOUNCES (sizeof(announce_ms) / sizeof(announce_ms[0]))

/* One end of the guest's link: a tap in a namespace. */
struct port {
	char host[16]; /* the name in commands; empty for the guest's own end */
	char ns[64];
	char ifname[IFNAMSIZ];
	char bridge[IFNAMSIZ]; /* empty for the guest's own end */
	int fd;		       /* -1 while detached */
};

struct vm {
	uint8_t mac[6];
	struct port guest;
	struct port hosts[HOSTS_MAX];
	size_t n_hosts;
	struct port *on; /* where it runs; NULL while suspended */
	bool announce;
	size_t announced; /* RARP frames sent since the resume */
	int64_t resumed_ns;
	int timer;
	int jobs, done; /* pipes to the thread that makes taps, and from it */
	uint64_t to_guest, from_guest, dropped; /* frames */
};

/* ---- taps ---- */

/*
 * A port of a bridge has no address of its own: without this its automatic
 * link-local address would talk to the guest as if it were another neighbour.
 */
static void
disable_ipv6(const char *ifname)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", ifname);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		tool_die("%s", path);
	close(fd);
}

static void
ask(int fd, unsigned long request, struct ifreq *ifr, const char *what)
{
	if (ioctl(fd, request, ifr) < 0)
		tool_die("%s: %s", what, ifr->ifr_name);
}

static void
into_bridge(int sock, const struct port *p)
{
	struct ifreq ifr = { 0 };
	unsigned index = if_nametoindex(p->ifname);

	memcpy(ifr.ifr_name, p->bridge, IFNAMSIZ);
	ifr.ifr_ifindex = (int)index;
	ask(sock, SIOCBRADDIF, &ifr, "bridge");
}

static void
dress(const struct port *p, const uint8_t *mac)
{
	int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };

	if (sock < 0)
		tool_die("socket");
	memcpy(ifr.ifr_name, p->ifname, IFNAMSIZ);
	ifr.ifr_qlen = QUEUE_LEN;
	ask(sock, SIOCSIFTXQLEN, &ifr, "queue length");
	if (p->bridge[0]) {
		disable_ipv6(p->ifname);
		into_bridge(sock, p);
	} else {
		ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
		memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
		ask(sock, SIOCSIFHWADDR, &ifr, "address");
	}
	ask(sock, SIOCGIFFLAGS, &ifr, "flags");
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	ask(sock, SIOCSIFFLAGS, &ifr, "up");
	close(sock);
}

/* The tap lives as long as its descriptor, as libvirt's do. */
static int
port_open(const struct port *p, const uint8_t *mac)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (home < 0)
		tool_die("own namespace");
	tool_enter(p->ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		tool_die("/dev/net/tun");
	memcpy(ifr.ifr_name, p->ifname, IFNAMSIZ);
	ask(fd, TUNSETIFF, &ifr, "tap");
	dress(p, mac);
	if (setns(home, CLONE_NEWNET) < 0)
		tool_die("way back");
	close(home);
	return fd;
}

/* ---- the thread that makes and closes taps ---- */

/* To the thread: open the port (fd is -1) or close fd. Back: with fd as it is then. */
struct job {
	struct port *port; /* its names are constant; its fd is the main thread's */
	int fd;
};

struct worker {
	const uint8_t *mac;
	int jobs, done;
};

static void *
work(void *arg)
{
	const struct worker *w = arg;
	struct job job;

	while (read(w->jobs, &job, sizeof(job)) == sizeof(job)) {
		if (job.fd < 0) {
			job.fd = port_open(job.port, w->mac);
		} else {
			close(job.fd);
			job.fd = -1;
		}
		if (write(w->done, &job, sizeof(job)) != sizeof(job))
			tool_die("answer of the thread");
	}
	return NULL;
}

static void
start_worker(struct vm *vm, struct worker *w)
{
	int to[2], from[2];
	pthread_t thread;

	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		tool_die("pipe");
	*w = (struct worker){ .mac = vm->mac, .jobs = to[0], .done = from[1] };
	vm->jobs = to[1];
	vm->done = from[0];
	errno = pthread_create(&thread, NULL, work, w);
	if (errno)
		tool_die("thread");
}

static void
hand_over(struct vm *vm, struct port *p, int fd)
{
	struct job job = { .port = p, .fd = fd };

	if (write(vm->jobs, &job, sizeof(job)) != sizeof(job))
		tool_die("thread");
}

/* ---- frames ---- */

/* Some frames from one tap to the other; those that do not fit are lost, as on a wire. */
static void
pump(struct vm *vm, int from, int to, uint64_t *count)
{
	uint8_t frame[FRAME_MAX];

	for (int i = 0; i < BURST_MAX; i++) {
		ssize_t n = read(from, frame, sizeof(frame));

		if (n <= 0)
			return;
		if (write(to, frame, (size_t)n) == n)
			++*count;
		else
			vm->dropped++;
	}
}

static void
arm_announce(struct vm *vm)
{
	struct itimerspec when = { 0 };

	if (vm->on && vm->announced < ANNOUNCES)
		when.it_value =
		    tool_timespec(vm->resumed_ns + announce_ms[vm->announced] * 1000000LL);
	timerfd_settime(vm->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* RARP "request reverse" with nothing but the guest's MAC in it: switches learn the port. */
static void
announce(struct vm *vm)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 3 };
	uint8_t frame[60] = { 0 };
	uint64_t ticks;

	if (read(vm->timer, &ticks, sizeof(ticks)) < 0 || !vm->on)
		return;
	memset(frame, 0xff, 6);
	memcpy(frame + 6, vm->mac, 6);
	frame[12] = 0x80;
	frame[13] = 0x35;
	memcpy(frame + 14, head, sizeof(head));
	memcpy(frame + 22, vm->mac, 6);
	memcpy(frame + 32, vm->mac, 6);
	if (write(vm->on->fd, frame, sizeof(frame)) < 0)
		vm->dropped++;
	vm->announced++;
	arm_announce(vm);
}

/* ---- commands ---- */

static void
answer(const struct vm *vm, const char *event, const char *host, int64_t ns)
{
	printf("{\"event\":\"%s\",\"host\":\"%s\",\"mono_ns\":%lld,\"to_guest\":%llu,"
	       "\"from_guest\":%llu,\"dropped\":%llu}\n",
	    event, host, (long long)ns, (unsigned long long)vm->to_guest,
	    (unsigned long long)vm->from_guest, (unsigned long long)vm->dropped);
	fflush(stdout);
}

static void
refuse(const struct vm *vm, const char *host)
{
	answer(vm, "refused", host, tool_now_ns());
}

static void
do_suspend(struct vm *vm, struct port *p)
{
	uint64_t before;

	(void)p;
	/* What came while we waited for a processor: vhost, in the kernel, had read it long ago. */
	do {
		before = vm->to_guest;
		if (vm->on)
			pump(vm, vm->on->fd, vm->guest.fd, &vm->to_guest);
	} while (vm->to_guest - before == BURST_MAX);
	vm->on = NULL;
	answer(vm, "suspended", "", tool_now_ns());
	arm_announce(vm);
}

static void
do_resume(struct vm *vm, struct port *p)
{
	if (p->fd < 0 || vm->on) {
		refuse(vm, p->host);
		return;
	}
	vm->on = p;
	vm->resumed_ns = tool_now_ns();
	answer(vm, "resumed", p->host, vm->resumed_ns);
	vm->announced = vm->announce ? 0 : ANNOUNCES;
	arm_announce(vm);
}

static void
do_attach(struct vm *vm, struct port *p)
{
	if (p->fd < 0)
		hand_over(vm, p, -1);
	else
		answer(vm, "attached", p->host, tool_now_ns());
}

static void
do_detach(struct vm *vm, struct port *p)
{
	if (vm->on == p) {
		refuse(vm, p->host);
		return;
	}
	if (p->fd >= 0)
		hand_over(vm, p, p->fd);
	else
		answer(vm, "detached", p->host, tool_now_ns());
	p->fd = -1;
}

/* The thread is done with a tap. */
static void
take_back(struct vm *vm)
{
	struct job job;

	if (read(vm->done, &job, sizeof(job)) != sizeof(job))
		tool_die("thread");
	job.port->fd = job.fd;
	answer(vm, job.fd < 0 ? "detached" : "attached", job.port->host, tool_now_ns());
}

static const struct command {
	const char *word;
	bool takes_host;
	void (*run)(struct vm *, struct port *);
} commands[] = {
	{ "suspend", false, do_suspend },
	{ "resume", true, do_resume },
	{ "attach", true, do_attach },
	{ "detach", true, do_detach },
};

static struct port *
host_find(struct vm *vm, const char *name)
{
	for (size_t i = 0; name && i < vm->n_hosts; i++)
		if (strcmp(vm->hosts[i].host, name) == 0)
			return &vm->hosts[i];
	return NULL;
}

/* False ends the program. */
static bool
obey(struct vm *vm, char *line)
{
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save);
	const char *name = strtok_r(NULL, " ", &save);
	struct port *p = host_find(vm, name);

	if (!word || strcmp(word, "quit") == 0)
		return !word;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (strcmp(word, c->word) != 0 || c->takes_host != (p != NULL))
			continue;
		c->run(vm, p);
		return true;
	}
	refuse(vm, name ? name : "");
	return true;
}

/* Whole lines from stdin. False at its end or on `quit`. */
static bool
listen_to_lab(struct vm *vm)
{
	static char line[COMMAND_MAX];
	static size_t have;
	ssize_t n = read(STDIN_FILENO, line + have, sizeof(line) - 1 - have);
	char *end;

	if (n <= 0)
		return false;
	have += (size_t)n;
	line[have] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		if (!obey(vm, line))
			return false;
		have -= (size_t)(end + 1 - line);
		memmove(line, end + 1, have + 1);
	}
	return have < sizeof(line) - 1;
}

static void
run(struct vm *vm)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = vm->timer, .events = POLLIN },
			{ .fd = vm->on ? vm->guest.fd : -1, .events = POLLIN },
			{ .fd = vm->on ? vm->on->fd : -1, .events = POLLIN },
			{ .fd = vm->done, .events = POLLIN },
		};

		if (poll(fds, 5, -1) < 0 && errno != EINTR)
			tool_die("poll");
		if (fds[0].revents && !listen_to_lab(vm))
			return;
		if (fds[1].revents)
			announce(vm);
		if (fds[4].revents)
			take_back(vm);
		if (vm->on && fds[2].revents)
			pump(vm, vm->guest.fd, vm->on->fd, &vm->from_guest);
		if (vm->on && fds[3].revents)
			pump(vm, vm->on->fd, vm->guest.fd, &vm->to_guest);
	}
}

/* ---- arguments ---- */

static void
usage(void)
{
	errno = 0;
	tool_die("usage: fakevm [--no-announce] MAC GUEST-NS:IF HOST=NS:IF:BRIDGE ...");
}

static void
parse_mac(const char *text, uint8_t mac[6])
{
	char end;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2],
		&mac[3], &mac[4], &mac[5], &end) != 6)
		usage();
}

int
main(int argc, char **argv)
{
	struct vm vm = { .announce = true, .guest.fd = -1 };
	struct worker worker;
	int arg = 1;

	if (arg < argc && strcmp(argv[arg], "--no-announce") == 0) {
		vm.announce = false;
		arg++;
	}
	if (argc - arg < 3 || argc - arg - 2 > HOSTS_MAX)
		usage();
	parse_mac(argv[arg++], vm.mac);
	if (sscanf(argv[arg++], "%63[^:]:%15s", vm.guest.ns, vm.guest.ifname) != 2)
		usage();
	for (; arg < argc; arg++) {
		struct port *p = &vm.hosts[vm.n_hosts++];

		p->fd = -1;
		if (sscanf(argv[arg], "%15[^=]=%63[^:]:%15[^:]:%15s", p->host, p->ns, p->ifname,
			p->bridge) != 4)
			usage();
	}
	vm.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (vm.timer < 0)
		tool_die("timer");
	vm.guest.fd = port_open(&vm.guest, vm.mac);
	start_worker(&vm, &worker);
	tool_stay();
	answer(&vm, "ready", "", tool_now_ns());
	run(&vm);
	return 0;
}
