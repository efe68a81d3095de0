/*
 * wallclock.c - a wall clock that is wrong, for hosts whose clocks differ.
 *
 *	LD_PRELOAD=wallclock.so HOMEPORT_CLOCK_OFFSET_MS=-5000 mrd ...
 *
 * Shifts what a process reads as CLOCK_REALTIME and leaves all other clocks: like
 * a host that never heard of NTP. Clock namespaces cannot shift that clock.
 *
 * Layer: lab.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

static int64_t
offset_ns(void)
{
	static bool known;
	static int64_t ns;
	const char *text;

	if (known)
		return ns;
	text = getenv("HOMEPORT_CLOCK_OFFSET_MS");
	ns = text ? strtoll(text, NULL, 10) * 1000000 : 0;
	known = true;
	return ns;
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int64_t ns;

	if (syscall(SYS_clock_gettime, clock, ret_time) < 0)
		return -1;
	if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
		return 0;
	ns = ret_time->tv_sec * NS_PER_S + ret_time->tv_nsec + offset_ns();
	ret_time->tv_sec = ns / NS_PER_S;
	ret_time->tv_nsec = ns % NS_PER_S;
	return 0;
}

int
gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	ret_time->tv_sec = t.tv_sec;
	ret_time->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *ret_time)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (ret_time)
		*ret_time = t.tv_sec;
	return t.tv_sec;
}
