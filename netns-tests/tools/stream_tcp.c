/*
 * stream_tcp.c - see stream.h. One TCP session, a known pattern each way.
 *
 * Every octet is a function of its place in the stream and of the direction, so a
 * wrong, missing or repeated one is found the moment it is read. Both ends send at
 * a fixed rate. The end that is told to stop closes its half; the other answers
 * by closing its own; each prints what it sent and read: a session has survived
 * if both read to the end what the other had sent.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/stream.h"

#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_MS 10
#define CHUNK 16384
#define LAST_MS 10000 /* after the stop: the most to wait for the other's end */
#define BACKLOG_MAX (4 << 20)

struct session {
	int fd, stop, timer;
	uint64_t seed_out, seed_in;
	size_t tick_octets;
	uint64_t owed; /* octets the timetable allows and that are not sent yet */
	uint64_t sent, received, corrupt;
	int64_t last_read_ns, stall_ns, stalled_at_ns;
	bool closing, ended; /* our half, the other's half */
	int error;
};

/* splitmix64: neighbouring places share no pattern. */
static uint8_t
octet_at(uint64_t seed, uint64_t place)
{
	uint64_t x = seed + (place / 8 + 1) * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (uint8_t)((x ^ x >> 31) >> (place % 8 * 8));
}

static void
push(struct session *s)
{
	uint8_t buf[CHUNK];

	while (s->owed > 0 && !s->closing) {
		size_t n = s->owed < sizeof(buf) ? s->owed : sizeof(buf);
		ssize_t done;

		for (size_t i = 0; i < n; i++)
			buf[i] = octet_at(s->seed_out, s->sent + i);
		done = send(s->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done < 0) {
			s->error = errno == EAGAIN ? s->error : errno;
			return;
		}
		s->sent += (uint64_t)done;
		s->owed -= (uint64_t)done;
	}
}

static void
note_stall(struct session *s)
{
	int64_t now = tool_now_ns();

	if (s->last_read_ns && now - s->last_read_ns > s->stall_ns) {
		s->stall_ns = now - s->last_read_ns;
		s->stalled_at_ns = s->last_read_ns;
	}
	s->last_read_ns = now;
}

static void
pull(struct session *s)
{
	uint8_t buf[CHUNK];
	ssize_t n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0) {
		s->error = errno == EAGAIN ? s->error : errno;
		return;
	}
	if (n == 0) {
		s->ended = true;
		return;
	}
	note_stall(s);
	for (ssize_t i = 0; i < n; i++)
		s->corrupt += buf[i] != octet_at(s->seed_in, s->received + (uint64_t)i);
	s->received += (uint64_t)n;
}

static void
on_tick(struct session *s)
{
	uint64_t ticks;

	if (read(s->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	s->owed += ticks * s->tick_octets;
	if (s->owed > BACKLOG_MAX)
		s->owed = BACKLOG_MAX;
	push(s);
}

static void
end_our_half(struct session *s)
{
	if (!s->closing)
		shutdown(s->fd, SHUT_WR);
	s->closing = true;
}

static void
talk(struct session *s)
{
	int64_t until = INT64_MAX;

	while (!s->error && !(s->closing && s->ended) && tool_now_ns() < until) {
		struct pollfd fds[] = {
			{ .fd = s->ended ? -1 : s->fd, .events = POLLIN },
			{ .fd = s->timer, .events = POLLIN },
			{ .fd = s->closing ? -1 : s->stop, .events = POLLIN },
		};

		if (poll(fds, 3, 1000) < 0)
			tool_die("poll");
		if (fds[0].revents)
			pull(s);
		if (fds[1].revents)
			on_tick(s);
		if (fds[2].revents || s->ended)
			end_our_half(s);
		if (s->closing && until == INT64_MAX)
			until = tool_now_ns() + LAST_MS * 1000000LL;
	}
}

static void
report(const struct session *s)
{
	printf("{\"sent\":%llu,\"received\":%llu,\"corrupt\":%llu,\"longest_stall_ms\":%.3f,"
	       "\"stalled_at_ns\":%lld,\"ended\":%s,\"error\":\"%s\"}\n",
	    (unsigned long long)s->sent, (unsigned long long)s->received,
	    (unsigned long long)s->corrupt, (double)s->stall_ns / 1e6, (long long)s->stalled_at_ns,
	    s->ended && s->closing ? "true" : "false", s->error ? strerror(s->error) : "");
}

static int
run(int fd, int stop, const char *kbit, uint64_t seed_out, uint64_t seed_in)
{
	struct session s = { .fd = fd, .stop = stop, .seed_out = seed_out, .seed_in = seed_in };
	struct itimerspec every = { .it_interval.tv_nsec = TICK_MS * 1000000L,
		.it_value.tv_nsec = TICK_MS * 1000000L };
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s.tick_octets = tool_number(kbit, 1000000) * 1000 / 8 * TICK_MS / 1000;
	s.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s.timer < 0 || timerfd_settime(s.timer, 0, &every, NULL) < 0)
		tool_die("timer");
	printf("{\"connected\":true}\n");
	fflush(stdout);
	talk(&s);
	report(&s);
	return 0;
}

static int
tcp_socket(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		tool_die("socket");
	return fd;
}

/* Wait for what fd was made for; the end of the program if the lab wants no more. */
static void
wait_for(int fd, int stop)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = stop, .events = POLLIN } };

	if (poll(fds, 2, -1) < 0 || fds[1].revents)
		tool_die("stopped before a session began");
}

int
stream_tcp_server(int argc, char **argv)
{
	struct sockaddr_in6 at = stream_address(argv[0], argv[1]);
	int stop = tool_stop_fd(), listener = tcp_socket(), on = 1, fd;

	(void)argc;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 1) < 0)
		tool_die("%s port %s", argv[0], argv[1]);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	wait_for(listener, stop);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		tool_die("accept");
	return run(fd, stop, argv[2], 1, 2);
}

int
stream_tcp_client(int argc, char **argv)
{
	struct sockaddr_in6 to = stream_address(argv[0], argv[1]);
	int fd = tcp_socket();

	(void)argc;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		tool_die("%s port %s", argv[0], argv[1]);
	return run(fd, tool_stop_fd(), argv[2], 2, 1);
}
