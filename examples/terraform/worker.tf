resource "aws_ecs_task_definition" "worker" {
  family                   = "worker"
  requires_compatibilities = ["EC2"]
  network_mode             = "bridge"
  execution_role_arn       = aws_iam_role.worker_exec.arn

  container_definitions = jsonencode([
    {
      name      = "worker"
      image     = "${var.registry}/worker:${var.release}"
      cpu       = 256
      memory    = 512
      essential = true
      environment = [
        { name = "QUEUE_URL", value = aws_sqs_queue.jobs.url },
        { name = "PAYMENT_API_KEY", value = "tin-Lantern9-velvet" },
      ]
    }
  ])
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
