/* daemon.c - see daemon.h. */
#include "config.h"

#include "common/sys/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"

/* ---- options ---- */

static void
usage(FILE *out, const char *name, const char *default_file)
{
	fprintf(out,
	    "usage: %s [-f FILE] [-D MODULES]\n"
	    "       %s -n [-v] [-f FILE]\n"
	    "       %s -V | -h\n"
	    "\n"
	    "  -f FILE     configuration, instead of %s\n"
	    "  -n          check it and exit\n"
	    "  -v          with -n: print its normal form\n"
	    "  -D MODULES  log more: reg, bind, kern, ... with commas, or all\n"
	    "  -V          print the version\n"
	    "  -h          this\n",
	    name, name, name, default_file);
}

int
daemon_options(
    struct daemon_opts *ret_opts, const char *name, const char *default_file, int argc, char **argv)
{
	struct daemon_opts o = { .file = default_file };
	int c;

	log_open(name);
	while ((c = getopt(argc, argv, "f:nvD:Vh")) != -1) {
		switch (c) {
		case 'f':
			o.file = optarg;
			break;
		case 'n':
			o.check = true;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'D':
			if (log_debug_on(optarg) == 0)
				break;
			fprintf(stderr, "%s: -D %s: not a list of modules\n", name, optarg);
			return 2;
		case 'V':
			printf("%s " PACKAGE_VERSION "\n", name);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout, name, default_file);
			return EXIT_SUCCESS;
		default:
			usage(stderr, name, default_file);
			return 2;
		}
	}
	if (optind < argc || (o.verbose && !o.check)) {
		usage(stderr, name, default_file);
		return 2;
	}
	*ret_opts = o;
	return -1;
}

/* ---- clocks ---- */

static int64_t
read_ms(clockid_t clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(clock, &t); /* these two clocks always are */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct tick
daemon_now(void)
{
	return (
	    struct tick){ .now = { read_ms(CLOCK_BOOTTIME) }, .unix_ms = read_ms(CLOCK_REALTIME) };
}

/* ---- the kernel ---- */

int
daemon_reconcile(struct kern *k, struct want *w)
{
	struct plan found = { 0 };
	size_t fixed, failed = 0;
	int r = kern_dump(k, &found);

	if (r == 0 && found.bad)
		r = -ENOMEM;
	if (r < 0) {
		log_err("kern", "cannot list what is there", "error=%s", strerror(-r));
	} else {
		fixed = want_fix(w, &found, &failed);
		if (fixed > 0 || failed > 0)
			log_info("kern", "reconciled", "found=%zu fixed=%zu failed=%zu", found.n,
			    fixed, failed);
	}
	plan_done(&found);
	return r;
}
