/*
 * agent.c - the lab's hand inside a real guest: runs commands that come by TCP.
 *
 *	agent PORT
 *
 * A connection is one command. Its first line holds the words, separated by single
 * spaces; what the command prints goes back as it comes. Anything more from the other side,
 * or its end, is SIGTERM for the command; its own end closes the connection.
 *
 * The connection crosses every move of the guest: losing one is a finding, too.
 *
 * Layer: lab.
 */
#include "netns-tests/tools/tool.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32
#define LINE_MAX_OCTETS 1024

/* The first line, octet by octet: what follows it is not a part of the command. */
static void
read_line(int fd, char line[static LINE_MAX_OCTETS])
{
	size_t n = 0;

	while (n < LINE_MAX_OCTETS - 1 && read(fd, &line[n], 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
}

static pid_t
start(int fd, char *line)
{
	char *argv[WORDS_MAX + 1] = { 0 }, *save = NULL;
	size_t n = 0;
	pid_t pid;

	for (char *w = strtok_r(line, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	errno = 0;
	if (n == 0)
		tool_die("a connection without a command");
	pid = fork();
	if (pid != 0)
		return pid;
	dup2(fd, STDOUT_FILENO);
	execvp(argv[0], argv);
	tool_die("%s", argv[0]);
}

/* One connection, in a process of its own. */
static void
serve(int fd)
{
	char line[LINE_MAX_OCTETS];
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };
	pid_t pid;

	read_line(fd, line);
	pid = start(fd, line);
	if (pid < 0)
		tool_die("fork");
	fds[1] = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	while (fds[1].revents == 0 && (poll(fds, 2, -1) >= 0 || errno == EINTR)) {
		if (fds[0].revents == 0)
			continue;
		kill(pid, SIGTERM);
		fds[0].fd = -1;
		fds[0].revents = 0;
	}
	waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (argc != 2 || listener < 0)
		tool_die("usage: agent PORT");
	at.sin6_port = htons((uint16_t)tool_number(argv[1], UINT16_MAX));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 16) < 0)
		tool_die("port %s", argv[1]);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			serve(fd);
			return 0;
		}
		close(fd);
	}
}
