package sched

import "slices"

// queue holds jobs that wait for a slot. Clients take turns: one with many requests waits for itself.
type queue struct {
	clients []clientQueue // whose turn is first
	len     int
}

type clientQueue struct {
	client string
	jobs   []*job
}

func (q *queue) push(j *job) {
	q.len++
	for i := range q.clients {
		if c := &q.clients[i]; c.client == j.req.Client {
			c.jobs = append(c.jobs, j)
			return
		}
	}
	q.clients = append(q.clients, clientQueue{j.req.Client, []*job{j}})
}

// pop takes the next job, nil when none waits.
func (q *queue) pop() *job {
	if q.len == 0 {
		return nil
	}
	q.len--
	c := q.clients[0]
	j := c.jobs[0]
	q.clients = slices.Delete(q.clients, 0, 1)
	if c.jobs = c.jobs[1:]; len(c.jobs) > 0 {
		q.clients = append(q.clients, c)
	}
	return j
}

// remove takes out the jobs that f holds for.
func (q *queue) remove(f func(*job) bool) {
	q.len = 0
	for i := range q.clients {
		c := &q.clients[i]
		c.jobs = slices.DeleteFunc(c.jobs, f)
		q.len += len(c.jobs)
	}
	q.clients = slices.DeleteFunc(q.clients, func(c clientQueue) bool { return len(c.jobs) == 0 })
}
