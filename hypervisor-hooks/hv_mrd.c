/* hv_mrd.c - see hv_mrd.h. */
#include "hypervisor-hooks/hv_mrd.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define KNOCK_MS 20 /* between two tries while too many wait at the socket */

int64_t
hv_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* 0 when it is ready, or -ETIMEDOUT. fd may be -1: only wait. */
static int
wait_for(int fd, short events, int64_t until_ms)
{
	int64_t left_ms = until_ms - hv_now_ms();
	struct pollfd p = { .fd = fd, .events = events };

	return left_ms > 0 && poll(&p, 1, (int)left_ms) > 0 ? 0 : -ETIMEDOUT;
}

static int
dial(const char *path, int64_t until_ms, int *ret_fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		r = -errno;
		if (r == -EAGAIN && hv_now_ms() + KNOCK_MS < until_ms) {
			(void)wait_for(-1, 0, hv_now_ms() + KNOCK_MS);
			continue;
		}
		close(fd);
		return r == -EAGAIN ? -ETIMEDOUT : r;
	}
	*ret_fd = fd;
	return 0;
}

static int
say(int fd, const char *words, int64_t until_ms)
{
	char line[HV_LINE_MAX];
	int n = snprintf(line, sizeof(line), "%s\n", words);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -E2BIG;
	for (int at = 0; at < n;) {
		ssize_t done = send(fd, line + at, (size_t)(n - at), MSG_NOSIGNAL);

		if (done < 0 && errno != EAGAIN)
			return -errno;
		if (done < 0 && wait_for(fd, POLLOUT, until_ms) < 0)
			return -ETIMEDOUT;
		at += done > 0 ? (int)done : 0;
	}
	return 0;
}

static const char *
text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* 1 if that line was the last one of the answer, else 0; -EPROTO. */
static int
take_line(const char *line, struct hv_answer *ret_answer)
{
	json_t *o = json_loads(line, 0, NULL);
	const json_t *ok = json_object_get(o, "ok");
	int r = !o ? -EPROTO : ok ? 1 : 0;

	if (r == 1) {
		ret_answer->ok = json_is_true(ok);
		snprintf(ret_answer->code, sizeof(ret_answer->code), "%s", text_in(o, "error"));
		snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", text_in(o, "message"));
	}
	json_decref(o);
	return r;
}

static int
hear(int fd, int64_t until_ms, struct hv_answer *ret_answer)
{
	char line[HV_LINE_MAX];
	size_t len = 0;
	int r = 0;

	while (r == 0) {
		char *end = memchr(line, '\n', len);
		ssize_t n;

		if (end) {
			*end = '\0';
			r = take_line(line, ret_answer);
			len -= (size_t)(end + 1 - line);
			memmove(line, end + 1, len);
			continue;
		}
		if (len == sizeof(line))
			return -EPROTO;
		r = wait_for(fd, POLLIN, until_ms);
		if (r < 0)
			return r;
		n = recv(fd, line + len, sizeof(line) - len, 0);
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	return r < 0 ? r : 0;
}

int
hv_mrd_ask(
    const char *socket_path, const char *words, int64_t until_ms, struct hv_answer *ret_answer)
{
	int fd = -1, r = dial(socket_path, until_ms, &fd);

	if (r < 0)
		return r;
	r = say(fd, words, until_ms);
	if (r == 0)
		r = hear(fd, until_ms, ret_answer);
	close(fd);
	return r;
}
