/* virsh.c - see virsh.h. */
#include "common/ctl/virsh.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"

#define URI "urn:homeport:guest"
#define PREFIXES_MAX 8 /* of one guest; mrd's own limit */

extern char **environ;

/* ---- the element ---- */

static bool
is_interface(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 16 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789.-_") == n;
}

int
virsh_element(
    int argc, const char *const *argv, char xml[static VIRSH_XML_MAX], char *why, size_t why_len)
{
	char prefixes[PREFIXES_MAX * 80] = "", home[96] = "", link[64] = "";
	char text[TEXT_PREFIX_MAX];
	struct in6_addr addr;
	struct ip6_prefix prefix;
	unsigned n = 0;

	for (int i = 0; i < argc; i += 2) {
		const char *key = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
		bool good = false;

		if (strcmp(key, "prefix") == 0 && n < PREFIXES_MAX) {
			good = text_to_prefix(value, &prefix) == 0;
			n++;
			snprintf(prefixes + strlen(prefixes), sizeof(prefixes) - strlen(prefixes),
			    "<prefix>%s</prefix>", good ? text_prefix(&prefix, text) : "");
		} else if (strcmp(key, "home-address") == 0) {
			good = text_to_addr(value, &addr) == 0;
			snprintf(home, sizeof(home), " home-address='%s'",
			    good ? text_addr(&addr, text) : "");
		} else if (strcmp(key, "interface") == 0) {
			good = is_interface(value);
			snprintf(link, sizeof(link), " interface='%s'", good ? value : "");
		} else {
			snprintf(
			    why, why_len, "%s: not a key of a domain's metadata, or too many", key);
			return -EINVAL;
		}
		if (!good) {
			snprintf(why, why_len, "%s: %s: not a value of this key", key, value);
			return -EINVAL;
		}
	}
	snprintf(xml, VIRSH_XML_MAX, "<guest%s%s>%s</guest>", home, link, prefixes);
	return 0;
}

/* ---- virsh ---- */

/* One call of virsh: is it there? `quiet`: whatever is wrong is no matter. */
static int
call(const char *const *argv, bool quiet)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = -1, r;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (r != 0) {
		fprintf(stderr, "nemoctl: %s: %s\n", argv[0], strerror(r));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int
virsh_define(const char *domain, const char *xml)
{
	/* One that does not run has no live side, a transient one no configuration. */
	static const char *const sides[][2] = { { "--config", "--live" }, { "--config", NULL },
		{ "--live", NULL } };
	enum { SIDES = sizeof(sides) / sizeof(sides[0]) };

	for (int i = 0; i < SIDES; i++) {
		const char *argv[] = { "virsh", "-q", "metadata", domain, URI, "--key", "hp",
			"--set", xml, sides[i][0], sides[i][1], NULL };

		if (call(argv, i < SIDES - 1) == 0)
			return 0;
	}
	return -1;
}
