/*
 * delay.c - a wire that is long: what goes in at one end comes out at the other, later.
 *
 *	delay NS:IF NS:IF DELAY-US LOSS-PPM REORDER-PPM REORDER-US SEED
 *
 * Both ends are taps made here. Each frame takes DELAY-US either way; of a million,
 * LOSS-PPM are lost and REORDER-PPM take REORDER-US more, so that others overtake
 * them. Which ones is drawn from SEED: the same frames, the same fate. It is what netem does,
 * on a kernel that has none.
 *
 * On SIGTERM a line with what passed each way, and how many left over 200 us late because this
 * program had no processor. It asks for real-time scheduling: a wire waits for nobody.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX 2048	/* octets */
#define FRAMES_MAX 8192 /* on the wire, each way: 0.8 s of 10000 a second */
#define QUEUE_LEN 10000 /* of the taps: what waits for us is on the wire already */
#define BURST_MAX 64	/* frames one way before the other way has its turn */
#define MILLION 1000000
#define LATE_NS 200000

struct frame {
	int64_t due_ns;
	size_t len;
	uint8_t octets[FRAME_MAX];
};

/* What is on the wire one way, by the moment it comes out. */
struct way {
	int from, to;
	uint64_t random;
	struct frame *line[FRAMES_MAX]; /* a ring; the frames after the n-th are free */
	size_t first, n;
	uint64_t passed, lost, reordered, overflowed, late;
	int64_t latest_ns;
	struct frame frames[FRAMES_MAX];
};

struct wire {
	struct way way[2];
	int64_t delay_ns, reorder_ns;
	uint64_t loss_ppm, reorder_ppm;
	int stop;
};

/* ---- ends ---- */

static void
set(int sock, unsigned long request, struct ifreq *ifr)
{
	if (ioctl(sock, request, ifr) < 0)
		tool_die("%s", ifr->ifr_name);
}

/* place: NS:IF */
static int
open_end(const char *place)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	char ns[64], name[IFNAMSIZ] = "";
	int fd, sock;

	errno = 0;
	if (sscanf(place, "%63[^:]:%15s", ns, name) != 2)
		tool_die("%s: not NS:IF", place);
	tool_enter(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sock < 0)
		tool_die("/dev/net/tun");
	memcpy(ifr.ifr_name, name, sizeof(name));
	set(fd, TUNSETIFF, &ifr);
	ifr.ifr_qlen = QUEUE_LEN;
	set(sock, SIOCSIFTXQLEN, &ifr);
	close(sock);
	return fd;
}

/* ---- the wire ---- */

/* xorshift64* */
static uint64_t
draw(struct way *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * 0x2545f4914f6cdd1dULL >> 32) % MILLION;
}

static struct frame **
at(struct way *w, size_t i)
{
	return &w->line[(w->first + i) % FRAMES_MAX];
}

/* The n-th is as it should be, but for its place. */
static void
put_in_place(struct way *w)
{
	struct frame *f = *at(w, w->n);
	size_t i = w->n++;

	for (; i > 0 && (*at(w, i - 1))->due_ns > f->due_ns; i--)
		*at(w, i) = *at(w, i - 1);
	*at(w, i) = f;
}

static void
take(const struct wire *wire, struct way *w)
{
	for (int i = 0; i < BURST_MAX; i++) {
		static uint8_t nowhere[FRAME_MAX];
		struct frame *f = w->n < FRAMES_MAX ? *at(w, w->n) : NULL;
		ssize_t n = read(w->from, f ? f->octets : nowhere, FRAME_MAX);

		if (n <= 0)
			return;
		if (draw(w) < wire->loss_ppm) {
			w->lost++;
		} else if (!f) {
			w->overflowed++;
		} else {
			f->len = (size_t)n;
			f->due_ns = tool_now_ns() + wire->delay_ns;
			if (draw(w) < wire->reorder_ppm) {
				f->due_ns += wire->reorder_ns;
				w->reordered++;
			}
			put_in_place(w);
		}
	}
}

/* What is due comes out. Returns when something is next, or INT64_MAX. */
static int64_t
give(struct way *w)
{
	while (w->n > 0) {
		struct frame *f = *at(w, 0);
		int64_t late_ns = tool_now_ns() - f->due_ns;

		if (late_ns < 0)
			return f->due_ns;
		if (late_ns > w->latest_ns)
			w->latest_ns = late_ns;
		w->late += late_ns > LATE_NS;
		if (write(w->to, f->octets, f->len) == (ssize_t)f->len)
			w->passed++;
		else /* that end is down */
			w->lost++;
		w->first = (w->first + 1) % FRAMES_MAX;
		w->n--;
	}
	return INT64_MAX;
}

static void
run(struct wire *wire)
{
	struct pollfd fds[] = {
		{ .fd = wire->stop, .events = POLLIN },
		{ .fd = wire->way[0].from, .events = POLLIN },
		{ .fd = wire->way[1].from, .events = POLLIN },
	};

	for (;;) {
		int64_t next = give(&wire->way[0]), other = give(&wire->way[1]), left;
		struct timespec wait;

		next = next < other ? next : other;
		left = next - tool_now_ns();
		wait = tool_timespec(left > 0 ? left : 0);
		if (ppoll(fds, 3, next == INT64_MAX ? NULL : &wait, NULL) < 0 && errno != EINTR)
			tool_die("ppoll");
		if (fds[0].revents)
			return;
		for (int i = 0; i < 2; i++) {
			if (fds[i + 1].revents)
				take(wire, &wire->way[i]);
		}
	}
}

/* ---- arguments ---- */

static void
begin(struct way *w, int from, int to, uint64_t seed)
{
	w->from = from;
	w->to = to;
	w->random = (seed + 1) * 0x9e3779b97f4a7c15ULL; /* never 0 */
	for (size_t i = 0; i < FRAMES_MAX; i++)
		w->line[i] = &w->frames[i];
}

static void
tell(const struct way *w, const char *end)
{
	printf(
	    "{\"passed\":%llu,\"lost\":%llu,\"reordered\":%llu,\"overflowed\":%llu,\"late\":%llu,"
	    "\"latest_us\":%lld}%s",
	    (unsigned long long)w->passed, (unsigned long long)w->lost,
	    (unsigned long long)w->reordered, (unsigned long long)w->overflowed,
	    (unsigned long long)w->late, (long long)w->latest_ns / 1000, end);
}

int
main(int argc, char **argv)
{
	static struct wire wire;
	const struct sched_param first = { .sched_priority = 1 };
	uint64_t seed;
	int end[2];

	if (argc != 8) {
		errno = 0;
		tool_die("usage: delay NS:IF NS:IF DELAY-US LOSS-PPM REORDER-PPM REORDER-US SEED");
	}
	wire.delay_ns = (int64_t)tool_number(argv[3], 10 * MILLION) * 1000;
	wire.loss_ppm = tool_number(argv[4], MILLION);
	wire.reorder_ppm = tool_number(argv[5], MILLION);
	wire.reorder_ns = (int64_t)tool_number(argv[6], 10 * MILLION) * 1000;
	seed = tool_number(argv[7], UINT32_MAX);
	wire.stop = tool_stop_fd();
	end[0] = open_end(argv[1]);
	end[1] = open_end(argv[2]);
	begin(&wire.way[0], end[0], end[1], 2 * seed);
	begin(&wire.way[1], end[1], end[0], 2 * seed + 1);
	prctl(PR_SET_TIMERSLACK, 1000UL);
	/* Where that is not allowed it is as late as everybody else, and says so. */
	(void)sched_setscheduler(0, SCHED_FIFO, &first);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	run(&wire);
	printf("{\"ways\":[");
	tell(&wire.way[0], ",");
	tell(&wire.way[1], "]}\n");
	return 0;
}
