/*
 * stream_udp.c - see stream.h. Numbered packets on a fixed timetable, and the
 * record of which arrived when.
 *
 * The sender keeps to an absolute timetable: after being late it sends what is
 * due at once, so that the numbers always tell the time. A packet that the
 * kernel refuses (no route) has used its number and counts as lost.
 *
 * The log is binary, in the machine's byte order: for each packet in the order of
 * arrival three 64-bit numbers: its number, when it was sent, when the
 * receiving kernel had it, both in nanoseconds of CLOCK_MONOTONIC.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/stream.h"

#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC 0x686f6d65706f7274u /* "homeport": strangers' packets are not counted */
#define PACKET_MAX 1400
#define PACKETS_MAX (1u << 24) /* of one stream */
#define BATCH 64
#define BUFFER (4 << 20)
#define QUIET_MS 300	  /* after the stop: this long without a packet is the end */
#define QUIET_MAX_MS 3000 /* but no longer than this */

struct packet {
	uint64_t magic;
	uint64_t seq;
	int64_t sent_ns;
};

static int
udp_socket(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = BUFFER;

	if (fd < 0)
		tool_die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* ---- sending ---- */

struct sender {
	int fd, stop;
	struct sockaddr_in6 to;
	size_t octets;
	int64_t first_ns, interval_ns;
	uint64_t sent, refused; /* refused: by our own kernel */
	int64_t latest_ns;	/* most that a packet was behind the timetable */
};

/* Wait for the moment; false when told to stop. */
static bool
wait_until(const struct sender *s, int64_t ns)
{
	struct pollfd stop = { .fd = s->stop, .events = POLLIN };
	struct timespec when = tool_timespec(ns);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
	return poll(&stop, 1, 0) == 0;
}

static void
send_one(struct sender *s)
{
	uint8_t buf[PACKET_MAX] = { 0 };
	struct packet p = { .magic = MAGIC, .seq = s->sent, .sent_ns = tool_now_ns() };
	int64_t due = s->first_ns + (int64_t)s->sent * s->interval_ns;

	if (p.sent_ns - due > s->latest_ns)
		s->latest_ns = p.sent_ns - due;
	memcpy(buf, &p, sizeof(p));
	if (sendto(s->fd, buf, s->octets, 0, (struct sockaddr *)&s->to, sizeof(s->to)) < 0)
		s->refused++;
	s->sent++;
}

int
stream_send(int argc, char **argv)
{
	struct sender s = { .octets = 200 };
	uint64_t rate = tool_number(argv[2], 1000000), count = tool_number(argv[3], PACKETS_MAX);

	if (argc == 5)
		s.octets = tool_number(argv[4], PACKET_MAX);
	errno = 0;
	if (rate == 0 || s.octets < sizeof(struct packet))
		tool_die("a rate of at least 1 and %zu octets", sizeof(struct packet));
	prctl(PR_SET_TIMERSLACK, 1000UL);
	tool_stay();
	s.to = stream_address(argv[0], argv[1]);
	s.stop = tool_stop_fd();
	s.fd = udp_socket();
	s.interval_ns = TOOL_NS_PER_S / (int64_t)rate;
	s.first_ns = tool_now_ns();
	if (count == 0)
		count = PACKETS_MAX;
	while (s.sent < count && wait_until(&s, s.first_ns + (int64_t)s.sent * s.interval_ns))
		send_one(&s);
	printf("{\"sent\":%llu,\"refused\":%llu,\"first_ns\":%lld,\"interval_ns\":%lld,"
	       "\"latest_ms\":%.3f}\n",
	    (unsigned long long)s.sent, (unsigned long long)s.refused, (long long)s.first_ns,
	    (long long)s.interval_ns, (double)s.latest_ns / 1e6);
	return 0;
}

/* ---- receiving ---- */

struct arrival {
	uint64_t seq;
	int64_t sent_ns, arrived_ns;
};

struct receiver {
	int fd, stop;
	struct arrival *v;
	size_t n, cap;
	uint8_t *seen; /* by number */
	size_t seen_cap;
	uint64_t next; /* one more than the largest number seen */
	uint64_t duplicated, reordered, foreign;
};

static void
note(struct receiver *r, const struct packet *p, int64_t arrived_ns)
{
	size_t had = r->seen_cap;

	r->seen = tool_grow(r->seen, p->seq, &r->seen_cap, 1);
	memset(r->seen + had, 0, r->seen_cap - had);
	if (r->seen[p->seq])
		r->duplicated++;
	else if (p->seq < r->next)
		r->reordered++;
	r->seen[p->seq] = 1;
	if (p->seq >= r->next)
		r->next = p->seq + 1;
	r->v = tool_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct arrival){ p->seq, p->sent_ns, arrived_ns };
}

/* The kernel stamps with CLOCK_REALTIME: how long ago that was is the same on any clock. */
static int64_t
arrived_at(struct msghdr *m)
{
	int64_t now = tool_now_ns();
	struct timespec real, stamp;

	clock_gettime(CLOCK_REALTIME, &real);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		return now - (real.tv_sec - stamp.tv_sec) * TOOL_NS_PER_S -
		       (real.tv_nsec - stamp.tv_nsec);
	}
	return now;
}

static void
drain(struct receiver *r)
{
	struct packet packets[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	char control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ &packets[i], sizeof(packets[i]) };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(r->fd, m, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		const struct packet *p = &packets[i];

		if (m[i].msg_len < sizeof(*p) || p->magic != MAGIC || p->seq >= PACKETS_MAX)
			r->foreign++;
		else
			note(r, p, arrived_at(&m[i].msg_hdr));
	}
}

/* Until the stop, and then until nothing more is on its way. */
static void
receive(struct receiver *r)
{
	int64_t end = INT64_MAX;
	bool stopped = false;

	while (tool_now_ns() < end) {
		struct pollfd fds[] = {
			{ .fd = r->fd, .events = POLLIN },
			{ .fd = stopped ? -1 : r->stop, .events = POLLIN },
		};

		if (poll(fds, 2, stopped ? QUIET_MS : -1) == 0)
			return;
		if (fds[0].revents)
			drain(r);
		if (fds[1].revents) {
			stopped = true;
			end = tool_now_ns() + QUIET_MAX_MS * 1000000LL;
		}
	}
}

static void
write_log(const struct receiver *r, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(r->v, sizeof(*r->v), r->n, f) != r->n || fclose(f) != 0)
		tool_die("%s", path);
}

int
stream_recv(int argc, char **argv)
{
	struct receiver r = { 0 };
	struct sockaddr_in6 at = stream_address("::", argv[0]);
	int on = 1;

	(void)argc;
	r.stop = tool_stop_fd();
	r.fd = udp_socket();
	setsockopt(r.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (bind(r.fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		tool_die("port %s", argv[0]);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	receive(&r);
	write_log(&r, argv[1]);
	printf("{\"received\":%llu,\"duplicated\":%llu,\"reordered\":%llu,\"foreign\":%llu}\n",
	    (unsigned long long)(r.n - r.duplicated), (unsigned long long)r.duplicated,
	    (unsigned long long)r.reordered, (unsigned long long)r.foreign);
	free(r.v);
	free(r.seen);
	return 0;
}
