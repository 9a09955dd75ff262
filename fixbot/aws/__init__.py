"""What is asked of AWS, and written there: the only room that imports boto3. Nothing here runs unasked."""
