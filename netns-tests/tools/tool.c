/* tool.c - see tool.h. */
#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

int64_t
tool_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * TOOL_NS_PER_S + t.tv_nsec;
}

struct timespec
tool_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / TOOL_NS_PER_S, .tv_nsec = ns % TOOL_NS_PER_S };
}

void
tool_die(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, saved ? ": %s\n" : "\n", strerror(saved));
	exit(1);
}

uint64_t
tool_number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > max) {
		errno = 0;
		tool_die("%s: not a number up to %llu", text, (unsigned long long)max);
	}
	return n;
}

int
tool_stop_fd(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		tool_die("signalfd");
	return fd;
}

void
tool_stay(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		tool_die("sched_setaffinity");
}

void
tool_enter(const char *ns)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		tool_die("%s", path);
	close(fd);
}

void *
tool_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 4096;
	while (n >= *cap)
		*cap *= 2;
	p = reallocarray(p, *cap, size);
	if (!p)
		tool_die("memory");
	return p;
}
