from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="round",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
